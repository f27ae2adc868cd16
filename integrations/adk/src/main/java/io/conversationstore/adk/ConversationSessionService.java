package io.conversationstore.adk;

import com.google.adk.events.Event;
import com.google.adk.sessions.BaseSessionService;
import com.google.adk.sessions.GetSessionConfig;
import com.google.adk.sessions.ListEventsResponse;
import com.google.adk.sessions.ListSessionsResponse;
import com.google.adk.sessions.Session;
import com.google.adk.sessions.SessionException;
import com.google.adk.sessions.SessionNotFoundException;
import com.google.adk.sessions.State;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.conversationstore.AppendCondition;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationExistsException;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.UnknownWhileOfflineException;
import io.reactivex.rxjava3.core.Completable;
import io.reactivex.rxjava3.core.Maybe;
import io.reactivex.rxjava3.core.Single;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentMap;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sessions of ADK in a conversation store. A session is a conversation of the owner whose tenant is
 * the app and whose user is the user; an event is appended as it comes, and never rewritten.
 *
 * <pre>{@code
 * BaseSessionService sessions = ConversationSessionService.builder().store(store).build();
 * Runner runner = Runner.builder().agent(agent).appName("shop").sessionService(sessions).build();
 * }</pre>
 *
 * <p><b>Events</b> come back equal, but for {@code temp:} state, which is never stored. Appending
 * an event again changes nothing, if it has an id.
 *
 * <p><b>State</b> is merged key by key: no writer loses the keys of another. Keys with {@code
 * user:} are shared by the sessions of a user, keys with {@code app:} by all sessions of an app in
 * a tenant. A {@link Session} object shows the state at its reading, and the changes appended
 * through it since.
 *
 * <p><b>Cost:</b> one append for an event, however long the session is, and one more for each of
 * {@code user:} and {@code app:} if it changes such keys. They come before the event: if the call
 * fails in between, the keys are stored and the event is not. Repeat the call with the same event.
 *
 * <p><b>Errors:</b> a failure of the store is a {@link SessionException} with the store's exception
 * as its cause.
 *
 * <p><b>Threads:</b> thread-safe. The work is done when the result is subscribed to, once for
 * {@link #createSession createSession} and {@link #appendEvent appendEvent}, on the subscribing
 * thread, which it blocks.
 */
public final class ConversationSessionService implements BaseSessionService {

  private static final int HEADERS = 200;

  private final ConversationStore store;
  private final BiFunction<String, String, Owner> owners;
  private final Unknown unknown;
  private final boolean stateInLists;
  private final SharedStates shared;
  private final SessionReader reader;

  private ConversationSessionService(Builder builder) {
    this.store = Objects.requireNonNull(builder.store, "store");
    this.owners = builder.owners;
    this.unknown = builder.unknown;
    this.stateInLists = builder.stateInLists;
    this.shared = new SharedStates(store, unknown);
    this.reader = new SessionReader(store, unknown);
  }

  public static Builder builder() {
    return new Builder();
  }

  /**
   * @deprecated as in ADK; use {@link #createSession(String, String, Map, String)}
   */
  @Deprecated
  @SuppressWarnings("InlineMeSuggester") // not for the callers of ADK's interface
  @Override
  public Single<Session> createSession(
      String appName,
      String userId,
      @Nullable ConcurrentMap<String, Object> state,
      @Nullable String sessionId) {
    return createSession(appName, userId, (Map<String, Object>) state, sessionId);
  }

  /**
   * Creates a session. While the database is away, a session under an id that this node does not
   * know is begun; if the database has one of that id, its events join that session.
   *
   * @throws SessionException (as the result) if there is one of that id
   */
  @Override
  public Single<Session> createSession(
      String appName,
      String userId,
      @Nullable Map<String, Object> state,
      @Nullable String sessionId) {
    Owner owner = owner(appName, userId);
    Map<String, Object> given = new LinkedHashMap<>(state == null ? Map.of() : state);
    given.values().removeIf(value -> value == null || value == State.REMOVED);
    String id = sessionId == null || sessionId.isBlank() ? null : sessionId.trim();
    return Single.fromCallable(call(() -> create(appName, userId, owner, given, id))).cache();
  }

  private Session create(
      String appName,
      String userId,
      Owner owner,
      Map<String, Object> state,
      @Nullable String sessionId) {
    NewConversation fresh =
        NewConversation.titled("")
            .withId(sessionId)
            .withMetadata(KeptState.metadata(SharedStates.only(state, SharedStates::isOfSession)));
    requireFree(sessionId);
    Conversation header =
        sessionId == null ? store.create(owner, fresh) : createNamed(owner, sessionId, fresh);
    shared.append(appName, owner, UUID.randomUUID(), state);
    return reader.read(
        appName, userId, owner, header, SessionReader.Wanted.NONE, shared.read(appName, owner));
  }

  private static void requireFree(@Nullable String sessionId) {
    if (SharedStates.USER_CONVERSATION.equals(sessionId)) {
      throw new IllegalArgumentException(
          "the session id " + sessionId + " is reserved; choose another");
    }
  }

  private Conversation createNamed(Owner owner, String sessionId, NewConversation fresh) {
    try {
      return store.create(owner, fresh);
    } catch (ConversationExistsException e) {
      throw exists(sessionId, e);
    } catch (StoreUnavailableException e) {
      // Only the database knows whether the id is free.
      Conversation header = store.createIfAbsent(owner, fresh);
      if (header.messageCount() > 0 || !header.metadata().equals(fresh.metadata())) {
        throw exists(sessionId, e);
      }
      return header;
    }
  }

  private static SessionException exists(String sessionId, Exception cause) {
    return new SessionException(
        "session " + sessionId + " exists; get it, or choose another id", cause);
  }

  /** {@inheritDoc} Both filters count from the newest event, and are answered by the store. */
  @Override
  public Maybe<Session> getSession(
      String appName, String userId, String sessionId, Optional<GetSessionConfig> config) {
    Owner owner = owner(appName, userId);
    Objects.requireNonNull(sessionId, "sessionId");
    SessionReader.Wanted wanted =
        config.map(SessionReader.Wanted::of).orElse(SessionReader.Wanted.ALL);
    return Maybe.fromCallable(
        call(
            () ->
                find(owner, sessionId)
                    .map(
                        header ->
                            reader.read(
                                appName,
                                userId,
                                owner,
                                header,
                                wanted,
                                shared.read(appName, owner)))
                    .orElse(null)));
  }

  private Optional<Conversation> find(Owner owner, String sessionId) {
    return sessionId.equals(SharedStates.USER_CONVERSATION)
        ? Optional.empty()
        : unknown.ask(() -> store.find(owner, sessionId)).flatMap(found -> found);
  }

  /** All sessions of the user, without events, those used last first. */
  @Override
  public Single<ListSessionsResponse> listSessions(String appName, String userId) {
    Owner owner = owner(appName, userId);
    return Single.fromCallable(
        call(() -> ListSessionsResponse.builder().sessions(list(appName, userId, owner)).build()));
  }

  private List<Session> list(String appName, String userId, Owner owner) {
    // A session that is used meanwhile may be on two pages.
    Map<String, Conversation> headers = new LinkedHashMap<>();
    ConversationQuery query = ConversationQuery.all().withLimit(HEADERS);
    while (true) {
      Page<Conversation> page = store.list(owner, query);
      page.items().forEach(each -> headers.putIfAbsent(each.id(), each));
      if (!page.hasMore()) {
        break;
      }
      query = query.withCursor(page.cursor());
    }
    headers.remove(SharedStates.USER_CONVERSATION);
    if (!stateInLists) {
      return headers.values().stream().map(each -> bare(appName, userId, each)).toList();
    }
    Map<String, Object> sharedState = headers.isEmpty() ? Map.of() : shared.read(appName, owner);
    return headers.values().stream()
        .map(
            each ->
                reader.read(appName, userId, owner, each, SessionReader.Wanted.NONE, sharedState))
        .toList();
  }

  private static Session bare(String appName, String userId, Conversation header) {
    return Session.builder(header.id())
        .appName(appName)
        .userId(userId)
        .lastUpdateTime(header.updatedAt())
        .build();
  }

  /** Deletes the session with its events; completes also if there is none. */
  @Override
  public Completable deleteSession(String appName, String userId, String sessionId) {
    Owner owner = owner(appName, userId);
    Objects.requireNonNull(sessionId, "sessionId");
    return Completable.fromCallable(
        call(
            () ->
                !sessionId.equals(SharedStates.USER_CONVERSATION)
                    && store.delete(owner, sessionId)));
  }

  /** All events of the session; none if there is no such session. */
  @Override
  public Single<ListEventsResponse> listEvents(String appName, String userId, String sessionId) {
    Owner owner = owner(appName, userId);
    Objects.requireNonNull(sessionId, "sessionId");
    return Single.fromCallable(
        call(
            () ->
                ListEventsResponse.builder()
                    .events(
                        find(owner, sessionId)
                            .map(
                                header ->
                                    reader
                                        .read(
                                            appName,
                                            userId,
                                            owner,
                                            header,
                                            SessionReader.Wanted.ALL,
                                            Map.of())
                                        .events())
                            .orElse(List.of()))
                    .build()));
  }

  /**
   * Stores the event at the end of the session, then changes the session object: its events, its
   * state with the {@code temp:} keys, its time. A partial event is returned as it is.
   *
   * @throws SessionNotFoundException (as the result) if the session was not created, or is deleted
   */
  @CanIgnoreReturnValue
  @Override
  public Single<Event> appendEvent(Session session, Event event) {
    Objects.requireNonNull(event, "event");
    Owner owner = owner(session.appName(), session.userId());
    String id = Objects.requireNonNull(session.id(), "session.id");
    if (event.partial().orElse(false)) {
      return Single.just(event);
    }
    return Single.fromCallable(
            call(
                () -> {
                  append(session.appName(), owner, id, event);
                  change(session, event);
                  return event;
                }))
        .cache();
  }

  private void append(String appName, Owner owner, String sessionId, Event event) {
    List<Message> messages = EventMessages.write(event);
    requireFree(sessionId);
    shared.append(
        appName,
        owner,
        EventMessages.derivedId(sessionId + "/" + messages.get(0).id()),
        event.actions().stateDelta());
    Appends.once(
        messages,
        turn -> {
          try {
            store.append(owner, sessionId, turn, AppendCondition.always());
          } catch (UnknownWhileOfflineException e) {
            // The session was read, so it exists; the copy of this node does not have it yet.
            store.append(owner, NewConversation.ofId(sessionId), turn, AppendCondition.always());
          }
        });
  }

  private static void change(Session session, Event event) {
    event
        .actions()
        .stateDelta()
        .forEach((key, value) -> KeptState.put(session.state(), key, value));
    session.events().add(event);
    session.lastUpdateTime(Instant.ofEpochMilli(event.timestamp()));
  }

  private Owner owner(String appName, String userId) {
    return owners.apply(
        Objects.requireNonNull(appName, "appName"), Objects.requireNonNull(userId, "userId"));
  }

  /** A call whose failures have ADK's types. */
  private static <T> Callable<T> call(Supplier<T> work) {
    return () -> {
      try {
        return work.get();
      } catch (ConversationNotFoundException e) {
        throw new SessionNotFoundException(
            "there is no such session; create it first (" + e.getMessage() + ")", e);
      } catch (ConversationStoreException e) {
        throw new SessionException(e.getMessage(), e);
      }
    };
  }

  /** Options of a service. Not thread-safe. */
  public static final class Builder {

    private @Nullable ConversationStore store;
    private BiFunction<String, String, Owner> owners = Owner::of;
    private Unknown unknown = Unknown.LOOKS_EMPTY;
    private boolean stateInLists = true;

    private Builder() {}

    /** The store, which stays open when the service is no longer used. Required. */
    @CanIgnoreReturnValue
    public Builder store(ConversationStore value) {
      store = Objects.requireNonNull(value, "store");
      return this;
    }

    /**
     * The owner of the sessions of an app (first argument) and a user. Each pair must have an owner
     * of its own. Default: the app is the tenant.
     */
    @CanIgnoreReturnValue
    public Builder owners(BiFunction<String, String, Owner> value) {
      owners = Objects.requireNonNull(value, "owners");
      return this;
    }

    /**
     * Whether a read fails if only the database can answer it and it is away. Default: false; a
     * session that the node does not know looks as if there were none, events and states as if they
     * were empty.
     */
    @CanIgnoreReturnValue
    public Builder failWhileUnknown(boolean value) {
      unknown = value ? Unknown.FAILS : Unknown.LOOKS_EMPTY;
      return this;
    }

    /**
     * Whether listed sessions have their state, which costs a read for each session. Default: true.
     */
    @CanIgnoreReturnValue
    public Builder stateInLists(boolean value) {
      stateInLists = value;
      return this;
    }

    /**
     * The service.
     *
     * @throws NullPointerException if there is no store
     */
    public ConversationSessionService build() {
      return new ConversationSessionService(this);
    }
  }
}
