package io.conversationstore.postgres;

import com.fasterxml.jackson.core.JsonGenerator;
import io.conversationstore.AppendConditionFailedException;
import io.conversationstore.ContentPart;
import io.conversationstore.ConversationExistsException;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ErasureReceipt;
import io.conversationstore.MessageConflictException;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.Owner;
import io.conversationstore.Provenance;
import io.conversationstore.json.Json;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.ConversationDeleted;
import io.conversationstore.spi.Change.ConversationUpdated;
import io.conversationstore.spi.Change.ConversationVisitor;
import io.conversationstore.spi.Change.MessageDeleted;
import io.conversationstore.spi.Change.MessageEdited;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.Change.PreferencesPut;
import io.conversationstore.spi.Change.ToConversation;
import io.conversationstore.spi.ChangeJson;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.Landing;
import io.conversationstore.spi.Rebase;
import io.conversationstore.spi.StaleChangeException;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Applies changes: one call of a function each; a bulk in one transaction. Thread-safe. */
final class Writes {

  private static final Pattern MESSAGE_ID = Pattern.compile("message ([0-9a-f-]{36}) exists");
  private static final List<String> NOT_COVERED =
      List.of(
          "backups of the database",
          "pages and log of the database until they are vacuumed and recycled",
          "local copies of other nodes until their next contact");

  private final Database database;
  private final Sql sql;
  private final Landings landings;
  private final NewAppends newAppends;
  private final boolean search;

  /**
   * @param search whether the keys of words are stored with the text
   */
  Writes(Database database, Sql sql, Landings landings, boolean search) {
    this.database = database;
    this.sql = sql;
    this.landings = landings;
    this.newAppends = new NewAppends(database, sql, search);
    this.search = search;
  }

  /** Whether the keys of words are stored with the text. */
  boolean search() {
    return search;
  }

  /** An erasure or a delete that exceeds the statement time-out is repeated with more time. */
  Applied apply(Change change, ApplyMode mode) {
    try {
      return hurried(change, mode);
    } catch (EngineFailureException e) {
      if (e.kind() != FailureKind.SLOW || !removes(change)) {
        throw e;
      }
      return database.removal(
          connection ->
              change instanceof Bulk bulk
                  ? bulk(connection, bulk, mode)
                  : one(connection, change, mode));
    }
  }

  /** Whether a change may remove very many rows. */
  static boolean removes(Change change) {
    return switch (change.kind()) {
      case OWNER_ERASED, CONVERSATION_DELETED -> true;
      case BULK -> change.parts().stream().anyMatch(Writes::removes);
      case CONVERSATION_CREATED,
          CONVERSATION_UPDATED,
          MESSAGES_APPENDED,
          MESSAGE_EDITED,
          MESSAGE_DELETED,
          PREFERENCES_PUT ->
          false;
    };
  }

  private Applied hurried(Change change, ApplyMode mode) {
    if (change instanceof Bulk bulk && bulk.isAppend() && mode == ApplyMode.LIVE) {
      return database.write(connection -> appendOrCreate(connection, bulk));
    } else if (change instanceof Bulk bulk) {
      return database.transaction(connection -> bulk(connection, bulk, mode));
    }
    return database.write(
        connection -> {
          if (change instanceof MessagesAppended append && NewAppends.fits(append, mode)) {
            Optional<Applied> applied = newAppends.apply(connection, append);
            if (applied.isPresent()) {
              return applied.get();
            }
          }
          return one(connection, change, mode);
        });
  }

  /** Both parts in one statement. */
  private Applied appendOrCreate(Connection connection, Bulk bulk) throws SQLException {
    ConversationCreated create = bulk.create();
    MessagesAppended append = bulk.append();
    Owner owner = bulk.owner();
    try (PreparedStatement statement = database.prepare(connection, sql.appendOrCreate)) {
      database
          .bind(statement, owner.tenantId())
          .text(database.lockTimeout())
          .text(owner.tenantId())
          .text(owner.userId())
          .text(create.conversationId())
          .uuid(create.id())
          .number(bulk.stamp().epoch())
          .text(Json.text(out -> writeNew(out, create)))
          .flag(append.condition().checksLast())
          .uuid(append.condition().lastMessageId())
          .text(Json.text(out -> MessageJson.write(out, owner, append.messages(), search)));
      try (ResultSet rows = database.rows(statement)) {
        WrittenRows written = new WrittenRows(append, create.conversationId());
        while (rows.next()) {
          written.add(rows);
        }
        return written.applied();
      }
    } catch (SQLException e) {
      throw typed(e, append);
    }
  }

  private Applied bulk(Connection connection, Bulk bulk, ApplyMode mode) throws SQLException {
    return bulk.isOnce() ? once(connection, bulk) : all(connection, bulk, mode);
  }

  /**
   * Records the bulk first: another node that takes over the same file at the same time waits here
   * and then sees that it is done.
   */
  private Applied once(Connection connection, Bulk bulk) throws SQLException {
    ConversationCreated create = (ConversationCreated) bulk.changes().get(0);
    String id = create.conversationId();
    if (!remember(connection, bulk)) {
      return Applied.dropped(bulk.id(), id, Applied.TAKEN_OVER_BEFORE);
    }
    if (!create.id().equals(bulk.id()) && landings.of(connection, bulk).isEmpty()) {
      // Without a trace of the first part, a later one would create a purged conversation again.
      return Applied.dropped(bulk.id(), id, "its conversation was deleted");
    }
    Applied applied = all(connection, bulk, ApplyMode.REPLAY);
    return applied.changed() || applied.dropped().isEmpty()
        ? applied
        // All have the same reason, which is reported once instead of for each change.
        : Applied.dropped(bulk.id(), id, applied.dropped().get(0).reason());
  }

  /** Returns false if the bulk was recorded before. */
  private boolean remember(Connection connection, Bulk bulk) throws SQLException {
    String tenant = bulk.owner().tenantId();
    try (PreparedStatement timeout = database.prepare(connection, sql.lockTimeout)) {
      database.bind(timeout, tenant).text(database.lockTimeout());
      timeout.execute();
    }
    try (PreparedStatement statement = database.prepare(connection, sql.takeOver)) {
      database.bind(statement, tenant).text(tenant).uuid(bulk.id());
      try (ResultSet row = database.rows(statement)) {
        return row.next();
      }
    }
  }

  private Applied all(Connection connection, Bulk bulk, ApplyMode mode) throws SQLException {
    boolean changed = false;
    List<State> states = new ArrayList<>();
    List<Applied.Dropped> dropped = new ArrayList<>();
    for (Change change : parts(connection, bulk, mode)) {
      Applied part = one(connection, change, mode);
      changed |= part.changed();
      states.addAll(part.states());
      dropped.addAll(part.dropped());
    }
    return new Applied(changed, Latest.of(states), dropped, null);
  }

  /** The parts of a bulk; a bulk applied before keeps its generations. */
  private List<Change> parts(Connection connection, Bulk bulk, ApplyMode mode) throws SQLException {
    if (mode != ApplyMode.REPLAY) {
      return bulk.changes();
    }
    Map<String, Long> landed = new HashMap<>();
    for (Landing landing : landings.of(connection, bulk)) {
      landed.put(String.valueOf(landing.conversationId()), landing.generation());
    }
    return ((Bulk) Rebase.onto(bulk, landed)).changes();
  }

  Applied one(Connection connection, Change change, ApplyMode mode) throws SQLException {
    try {
      return change.accept(new Call(connection, mode == ApplyMode.REPLAY));
    } catch (SQLException e) {
      throw typed(e, change);
    }
  }

  /** Converts the SQLSTATE raised by a function to the exception for the caller's error. */
  private static SQLException typed(SQLException e, Change change) {
    Owner owner = change.owner();
    String id = conversationId(change);
    String named = id == null ? "" : id;
    switch (Failures.state(e)) {
      case "CS001" -> throw new ConversationNotFoundException(owner, named);
      case "CS002" -> throw new ConversationExistsException(owner, named);
      case "CS003" ->
          throw new MessageNotFoundException(owner, named, ((MessageEdited) change).messageId());
      case "CS004" -> {
        Matcher message = MESSAGE_ID.matcher(String.valueOf(e.getMessage()));
        UUID messageId =
            message.find()
                ? UUID.fromString(message.group(1))
                : ((MessagesAppended) change).messages().get(0).id();
        throw new MessageConflictException(owner, named, messageId);
      }
      case "CS005" -> throw new AppendConditionFailedException(owner, named);
      case "CS006" ->
          throw new StaleChangeException(
              "change " + change.id() + " of " + owner + " names another epoch or generation");
      default -> {
        return e;
      }
    }
  }

  static @Nullable String conversationId(Change change) {
    ConversationRef ref = change.ref();
    return ref != null ? ref.id() : change.namedConversationIds().stream().findFirst().orElse(null);
  }

  /** Calls the function for a change. */
  private final class Call
      implements Change.Visitor<Applied, SQLException>, ConversationVisitor<Applied, SQLException> {
    private final Connection connection;
    private final boolean replay;

    Call(Connection connection, boolean replay) {
      this.connection = connection;
      this.replay = replay;
    }

    @Override
    public Applied conversationCreated(ConversationCreated change) throws SQLException {
      ChangeStamp stamp = change.stamp();
      return call(
          sql.create,
          change,
          change.conversationId(),
          in ->
              in.uuid(stamp.id())
                  .number(stamp.epoch())
                  .flag(replay)
                  .time(stamp.time())
                  .flag(change.strict())
                  .text(Json.text(out -> writeNew(out, change))));
    }

    @Override
    public Applied toConversation(ToConversation change) throws SQLException {
      return change.acceptInConversation(this);
    }

    @Override
    public Applied conversationUpdated(ConversationUpdated change) throws SQLException {
      return call(
          sql.update,
          change,
          in ->
              identified(in, change)
                  .time(change.stamp().time())
                  .text(Json.text(out -> ChangeJson.write(out, change.update()))));
    }

    @Override
    public Applied conversationDeleted(ConversationDeleted change) throws SQLException {
      return call(sql.delete, change, in -> identified(in, change));
    }

    @Override
    public Applied messagesAppended(MessagesAppended change) throws SQLException {
      Owner owner = change.owner();
      return call(
          sql.append,
          change,
          in ->
              targeted(in, change)
                  .time(change.stamp().time())
                  .flag(change.condition().checksLast())
                  .uuid(change.condition().lastMessageId())
                  .flag(change.editExisting())
                  .text(
                      Json.text(out -> MessageJson.write(out, owner, change.messages(), search))));
    }

    @Override
    public Applied messageEdited(MessageEdited change) throws SQLException {
      List<ContentPart> content = change.edit().content();
      return call(
          sql.edit,
          change,
          in ->
              identified(in, change)
                  .time(change.stamp().time())
                  .uuid(change.messageId())
                  .text(MessageJson.plainText(content))
                  .text(MessageJson.parts(content))
                  .numbers(search ? TokenKeys.of(change.owner(), content) : null));
    }

    @Override
    public Applied messageDeleted(MessageDeleted change) throws SQLException {
      return call(sql.deleteMessage, change, in -> targeted(in, change).uuid(change.messageId()));
    }

    @Override
    public Applied preferencesPut(PreferencesPut change) throws SQLException {
      return put(connection, change, replay);
    }

    @Override
    public Applied ownerErased(OwnerErased change) throws SQLException {
      return erase(connection, change, replay);
    }

    @Override
    public Applied bulk(Bulk change) {
      throw new IllegalArgumentException("a bulk cannot be part of a bulk or of a batch");
    }

    private Binder identified(Binder in, ToConversation change) throws SQLException {
      return targeted(in.uuid(change.id()), change);
    }

    private Binder targeted(Binder in, ToConversation change) throws SQLException {
      return in.number(change.stamp().epoch()).number(change.ref().generation()).flag(replay);
    }

    private Applied call(String text, ToConversation change, Reads.Parameters parameters)
        throws SQLException {
      return call(text, change, change.ref().id(), parameters);
    }

    private Applied call(String text, Change change, String id, Reads.Parameters parameters)
        throws SQLException {
      Owner owner = change.owner();
      try (PreparedStatement statement = database.prepare(connection, text)) {
        Binder in = database.bind(statement, owner.tenantId());
        in.text(database.lockTimeout()).text(owner.tenantId()).text(owner.userId()).text(id);
        parameters.set(in);
        try (ResultSet rows = database.rows(statement)) {
          WrittenRows written = new WrittenRows(change, id);
          while (rows.next()) {
            written.add(rows);
          }
          return written.applied();
        }
      }
    }
  }

  static void writeNew(JsonGenerator out, ConversationCreated created) throws IOException {
    out.writeStartObject();
    out.writeStringField("title", created.conversation().title());
    out.writeFieldName("settings");
    Json.writeValue(out, created.conversation().settings());
    out.writeFieldName("metadata");
    Json.writeValue(out, created.conversation().metadata());
    out.writeFieldName("tags");
    Json.writeValue(out, created.conversation().tags());
    out.writeBooleanField("pinned", created.conversation().pinned());
    if (created.conversation().expiresAt() != null) {
      out.writeStringField("expires_at", Json.time(created.conversation().expiresAt()));
    }
    out.writeEndObject();
  }

  private Applied put(Connection connection, PreferencesPut put, boolean replay)
      throws SQLException {
    ChangeStamp stamp = put.stamp();
    try (PreparedStatement statement = database.prepare(connection, sql.putPreferences)) {
      database
          .bind(statement, stamp.owner().tenantId())
          .text(database.lockTimeout())
          .text(stamp.owner().tenantId())
          .text(stamp.owner().userId())
          .uuid(stamp.id())
          .number(stamp.epoch())
          .flag(replay)
          .time(stamp.time())
          .flag(put.update().setsActiveConversation())
          .text(put.update().activeConversation())
          .number(put.activeGeneration())
          .flag(put.update().setsSelectedModel())
          .text(put.update().selectedModel());
      try (ResultSet row = database.rows(statement)) {
        row.next();
        String dropped = row.getString(1);
        if (dropped != null) {
          return Applied.dropped(put.id(), put.update().activeConversation(), dropped);
        }
        PreferencesState state = Rows.preferences(row, 3);
        return Applied.of(Rows.flag(row, 2), state == null ? List.of() : List.of(state));
      }
    }
  }

  private Applied erase(Connection connection, OwnerErased erased, boolean replay)
      throws SQLException {
    ChangeStamp stamp = erased.stamp();
    try (PreparedStatement statement = database.prepare(connection, sql.erase)) {
      database
          .bind(statement, stamp.owner().tenantId())
          .text(database.lockTimeout())
          .text(stamp.owner().tenantId())
          .text(stamp.owner().userId())
          .uuid(stamp.id())
          .number(stamp.epoch())
          .flag(replay)
          .time(stamp.time());
      try (ResultSet row = database.rows(statement)) {
        row.next();
        String dropped = row.getString(1);
        if (dropped != null) {
          return Applied.dropped(erased.id(), null, dropped);
        }
        ErasureReceipt receipt =
            new ErasureReceipt(
                stamp.owner(),
                erased.id(),
                Rows.requireTime(row, 4),
                false,
                List.of(
                    new ErasureReceipt.Removal(
                        Provenance.Source.DATABASE, Rows.number(row, 5), Rows.number(row, 6))),
                NOT_COVERED);
        return new Applied(
            Rows.flag(row, 2),
            List.of(new OwnerState(stamp.owner(), Rows.number(row, 3))),
            List.of(),
            receipt);
      }
    }
  }
}
