package io.conversationstore.cli;

import io.conversationstore.AppendCondition;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Preferences;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoreLimits;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.cli.format.ConversationHeader;
import io.conversationstore.cli.format.ImportHandler;
import io.conversationstore.cli.format.ImportedMessage;
import io.conversationstore.cli.format.Place;
import io.conversationstore.internal.DefaultConversationStore;
import io.conversationstore.internal.InputChecks;
import io.conversationstore.json.ModelJson;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.NewMessage;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Saves what a reader hands out. A conversation of up to some megabytes is saved in one change, so
 * it is there as a whole or not at all; small ones are saved together. Saving again changes
 * nothing: messages are recognized by their ids. For one thread.
 *
 * <p>Where the store keeps times, a conversation keeps those of the file; a message without a time
 * gets that of the message before it, or of its conversation, and a conversation without any that
 * of the file. Elsewhere the store sets the times of conversations, and messages keep theirs.
 */
final class ImportTarget implements ImportHandler {

  /** Receives what the user should know. */
  interface Report {
    void bad(Place place, String reason);

    void note(Place place, String note);

    /** After each save. */
    void progress(long conversations, long messages);
  }

  /** A batch of small conversations, in bytes of JSON. */
  private static final long BATCH_BYTES = 1 << 20;

  private static final int BATCH_CONVERSATIONS = 500;
  private static final int BATCH_MESSAGES = 1_000;

  /** A larger conversation is saved in parts of about this size. */
  private static final long PART_BYTES = 4 << 20;

  private static final int PART_MESSAGES = 5_000;

  /** A conversation to save, or a part of one. */
  private record Part(
      Owner owner,
      ConversationHeader header,
      List<ImportedMessage> messages,
      Place place,
      boolean last) {}

  private final ConversationStore store;
  private final @Nullable DefaultConversationStore timed;
  private final @Nullable Owner onlyOwner;
  private final Owner otherwise;
  private final Report report;
  private final Interruption interruption;
  private final Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
  private final InputChecks checks = new InputChecks(StoreLimits.DEFAULT);

  private final List<Part> batch = new ArrayList<>();
  private long batchBytes;
  private int batchMessages;

  private @Nullable ConversationHeader open;
  private Place place = new Place("", 0, 0, 0, null, 0);
  private List<ImportedMessage> messages = new ArrayList<>();
  private long bytes;
  private boolean partSaved;

  private Instant sourceTime = now;
  private long conversations;
  private long messageCount;
  private long bad;

  /**
   * @param opened the store
   * @param onlyOwner the owner of everything; null to keep the owners of the file
   * @param otherwise the owner of conversations without one
   */
  ImportTarget(
      OpenStore opened,
      @Nullable Owner onlyOwner,
      Owner otherwise,
      Report report,
      Interruption interruption) {
    this.store = opened.store();
    this.timed =
        opened.keepsTimes() && opened.store() instanceof DefaultConversationStore front
            ? front
            : null;
    this.onlyOwner = onlyOwner;
    this.otherwise = otherwise;
    this.report = report;
    this.interruption = interruption;
  }

  /**
   * A source begins. Its time is that of conversations without one: it is the same at the next
   * import, which then changes nothing.
   */
  void source(Instant time) {
    Instant whole = time.truncatedTo(ChronoUnit.MICROS);
    sourceTime = whole.isAfter(now) ? now : whole;
  }

  /** Whether conversations keep the times of the file. */
  boolean keepsTimes() {
    return timed != null;
  }

  long conversations() {
    return conversations;
  }

  long messages() {
    return messageCount;
  }

  long badRecords() {
    return bad;
  }

  @Override
  public void begin(ConversationHeader header, Place begun) {
    interruption.check();
    checks.check(header.conversation());
    open = header;
    place = begun;
    messages = new ArrayList<>();
    bytes = 0;
    partSaved = false;
  }

  @Override
  public void message(ImportedMessage message, Place at) {
    bytes += checks.check(message.message());
    messages.add(message);
    if (bytes >= PART_BYTES || messages.size() >= PART_MESSAGES) {
      interruption.check();
      flush();
      save(List.of(part(false)));
      partSaved = true;
      messages = new ArrayList<>();
      bytes = 0;
    }
  }

  @Override
  public void end() {
    Part part = part(true);
    open = null;
    boolean together =
        batchBytes + bytes < PART_BYTES
            && batch.stream().allMatch(each -> each.owner().equals(part.owner()))
            && batch.stream().noneMatch(each -> each.header().id().equals(part.header().id()));
    if (!together) {
      flush();
    }
    batch.add(part);
    batchBytes += bytes;
    batchMessages += messages.size();
    if (batchBytes >= BATCH_BYTES
        || batch.size() >= BATCH_CONVERSATIONS
        || batchMessages >= BATCH_MESSAGES) {
      flush();
    }
  }

  @Override
  public void abandon() {
    if (partSaved) {
      // The beginning is there already; what was read since follows it.
      flush();
      save(List.of(part(true)));
    }
    open = null;
  }

  private Part part(boolean last) {
    ConversationHeader header = Objects.requireNonNull(open, "no conversation has begun");
    return new Part(owner(header.owner()), header, List.copyOf(messages), place, last);
  }

  private Owner owner(@Nullable Owner ofFile) {
    if (onlyOwner != null) {
      return onlyOwner;
    }
    return ofFile != null ? ofFile : otherwise;
  }

  @Override
  public void preferences(Owner owner, Preferences preferences) {
    flush();
    PreferencesUpdate update = PreferencesUpdate.none();
    String active = preferences.activeConversation();
    if (active != null && store.find(owner(owner), active).isPresent()) {
      update = update.withActiveConversation(active);
    }
    if (preferences.selectedModel() != null) {
      update = update.withSelectedModel(preferences.selectedModel());
    }
    Preferences there = store.preferences(owner(owner));
    if (!there.equals(preferences) && !update.equals(PreferencesUpdate.none())) {
      store.updatePreferences(owner(owner), update);
    }
  }

  @Override
  public void bad(Place at, String reason) {
    bad++;
    report.bad(at, reason);
  }

  @Override
  public void note(Place at, String note) {
    report.note(at, note);
  }

  /** Saves what is complete. */
  void flush() {
    if (batch.isEmpty()) {
      return;
    }
    List<Part> parts = List.copyOf(batch);
    batch.clear();
    batchBytes = 0;
    batchMessages = 0;
    save(parts);
  }

  private void save(List<Part> parts) {
    try {
      apply(parts);
    } catch (StoreUnavailableException | StoreDamagedException e) {
      throw e;
    } catch (ConversationStoreException | IllegalArgumentException e) {
      if (parts.size() > 1) {
        // One of them is the reason: the others are saved.
        parts.forEach(part -> save(List.of(part)));
      } else {
        bad(parts.get(0).place(), "the store refuses it: " + e.getMessage());
      }
      return;
    }
    for (Part part : parts) {
      conversations += part.last() ? 1 : 0;
      messageCount += part.messages().size();
    }
    report.progress(conversations, messageCount);
  }

  private void apply(List<Part> parts) {
    DefaultConversationStore front = timed;
    if (front != null) {
      Owner owner = parts.get(0).owner();
      List<Change> changes = new ArrayList<>();
      parts.forEach(part -> changes.addAll(changes(front, part)));
      Applied applied = front.replay(new Change.Bulk(stamp(front, owner, now), changes));
      for (Applied.Dropped dropped : applied.dropped()) {
        // An edit of a message that was deleted since an earlier import.
        report.note(
            parts.get(0).place().withoutConversation(),
            "a change in conversation "
                + dropped.conversationId()
                + " is left out: "
                + dropped.reason());
      }
      return;
    }
    store.save(parts.get(0).owner(), parts.stream().map(ImportTarget::document).toList());
    for (Part part : parts) {
      if (part.header().archived() && part.last()) {
        archive(part);
      }
    }
  }

  private void archive(Part part) {
    String id = part.header().id();
    Conversation there = store.find(part.owner(), id).orElse(null);
    if (there != null && there.status() != ConversationStatus.ARCHIVED) {
      store.archive(part.owner(), id);
    }
  }

  private static ConversationDocument document(Part part) {
    return ConversationDocument.ofEntries(
        part.header().conversation(),
        part.messages().stream()
            .map(
                each ->
                    ConversationDocument.Entry.of(each.message()).withCreatedAt(each.createdAt()))
            .toList());
  }

  /** The changes that make a conversation with its times, and change one that is there already. */
  private List<Change> changes(DefaultConversationStore front, Part part) {
    Owner owner = part.owner();
    ConversationHeader header = part.header();
    Instant updated = updated(part);
    Instant created = created(part, updated);
    ConversationRef ref = ConversationRef.live(header.id());
    List<Change> changes = new ArrayList<>();
    changes.add(
        new Change.ConversationCreated(stamp(front, owner, created), header.conversation(), false));
    List<NewMessage> appended = new ArrayList<>();
    Instant before = created;
    for (ImportedMessage each : part.messages()) {
      Instant time = each.createdAt() != null ? each.createdAt() : before;
      before = time;
      Message message = each.message();
      UUID id = Objects.requireNonNull(message.id(), "the reader gave a message no id");
      appended.add(new NewMessage(id, message, ModelJson.digest(message), time));
    }
    int most = StoreLimits.DEFAULT.maxMessagesPerAppend();
    for (int i = 0; i < appended.size(); i += most) {
      changes.add(
          new Change.MessagesAppended(
              stamp(front, owner, updated),
              ref,
              appended.subList(i, Math.min(i + most, appended.size())),
              AppendCondition.always(),
              true));
    }
    for (ImportedMessage each : part.messages()) {
      Instant edited = each.editedAt();
      UUID id = each.message().id();
      if (edited != null && id != null) {
        changes.add(
            new Change.MessageEdited(
                stamp(front, owner, edited), ref, id, MessageEdit.of(each.message().content())));
      }
    }
    // A field wins only over an older one, and the creation wrote the status.
    boolean archives = header.archived() && part.last() && !updated.isAfter(created);
    Instant written = archives ? created.plus(1, ChronoUnit.MICROS) : updated;
    changes.add(
        new Change.ConversationUpdated(
            stamp(front, owner, written), ref, fields(header, part.last())));
    return changes;
  }

  private static ConversationUpdate fields(ConversationHeader header, boolean last) {
    NewConversation fields = header.conversation();
    ConversationUpdate update =
        ConversationUpdate.touch()
            .withTitle(fields.title())
            .withSettings(fields.settings())
            .withMetadata(fields.metadata())
            .withTags(fields.tags())
            .withPinned(fields.pinned());
    update =
        fields.expiresAt() == null
            ? update.withoutExpiry()
            : update.withExpiresAt(fields.expiresAt());
    return header.archived() && last ? update.withStatus(ConversationStatus.ARCHIVED) : update;
  }

  /** The last use: that of the file, or the last message, or the creation, or the file's time. */
  private Instant updated(Part part) {
    if (part.header().updatedAt() != null) {
      return part.header().updatedAt();
    }
    Instant last = null;
    for (ImportedMessage each : part.messages()) {
      last = each.createdAt() != null ? each.createdAt() : last;
    }
    if (last != null) {
      return last;
    }
    if (part.header().createdAt() != null) {
      return part.header().createdAt();
    }
    // A microsecond apart, lists keep the order of the file.
    return sourceTime.plus(part.place().record(), ChronoUnit.MICROS);
  }

  /** The creation: that of the file, or the first message, never after the last use. */
  private static Instant created(Part part, Instant updated) {
    Instant created = part.header().createdAt();
    for (ImportedMessage each : part.messages()) {
      created = created == null ? each.createdAt() : created;
    }
    return created == null || created.isAfter(updated) ? updated : created;
  }

  private static ChangeStamp stamp(DefaultConversationStore front, Owner owner, Instant time) {
    return new ChangeStamp(UUID.randomUUID(), owner, ChangeStamp.PRESENT_EPOCH, time, front.node());
  }
}
