package io.conversationstore.hybrid;

import io.conversationstore.StoreConfigurationException;
import io.conversationstore.spi.Contact;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.PrimaryStore;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reaches the database and decides whether it is the one that this node's directory belongs to. A
 * contact that the directory cannot record, because the local files fail, does not keep the
 * database from being used; it is recorded later. {@link #record} may be called by any thread,
 * {@link #reach} by one at a time.
 */
final class Contacts {

  /**
   * Why a database that answers must not be used.
   *
   * @param otherDatabase whether it is not the one that the directory belongs to
   */
  record Refusal(String reason, boolean otherDatabase) {}

  /** A contact that the directory does not know of. */
  private record Unrecorded(Contact contact, long offsetMicros) {}

  private static final Logger LOG = LoggerFactory.getLogger(Contacts.class);

  private final PrimaryStore primary;
  private final LocalStore local;
  private final NodeClock clock;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile @Nullable Unrecorded unrecorded;

  Contacts(PrimaryStore primary, LocalStore local, NodeClock clock) {
    this.primary = primary;
    this.local = local;
    this.clock = clock;
  }

  /**
   * Reaches the database.
   *
   * @return null if it may be used, else why not
   * @throws EngineFailureException if it cannot be reached
   */
  @Nullable Refusal reach() {
    LocalStore.Identity identity = identity();
    Instant before = clock.uncorrected();
    Contact contact = primary.contact(identity.node());
    Instant after = clock.uncorrected();
    Refusal refusal = refusal(identity, contact);
    if (refusal != null) {
      return refusal;
    }
    if (identity.storeId() != null && contact.counterBefore() > identity.counter()) {
      LOG.warn(
          "The database has seen this node {} more often than the node remembers: its last contact"
              + " was cut off, or its directory was copied. Two nodes must not share a copy.",
          contact.counterBefore() - identity.counter());
    }
    long offset = clock.measure(before, contact.databaseTime(), after);
    lock.lock();
    try {
      unrecorded = new Unrecorded(contact, offset);
      record();
    } catch (EngineFailureException localFiles) {
      LOG.warn(
          "The contact with the database could not be recorded; it is tried again", localFiles);
    } finally {
      lock.unlock();
    }
    return null;
  }

  /** What the directory remembers, and what it should. */
  private LocalStore.Identity identity() {
    LocalStore.Identity identity = local.identity();
    Unrecorded last = unrecorded;
    return last == null
        ? identity
        : new LocalStore.Identity(
            identity.node(),
            last.contact.storeId(),
            last.contact.history(),
            last.contact.counter(),
            last.offsetMicros,
            identity.position(),
            identity.mirrorAsOf(),
            identity.standaloneContent());
  }

  /**
   * Records the last contact, if that could not be done at once.
   *
   * @throws EngineFailureException if the local files fail
   */
  void record() {
    if (unrecorded == null) {
      return;
    }
    lock.lock();
    try {
      Unrecorded last = unrecorded;
      if (last != null) {
        local.remember(last.contact, last.offsetMicros);
        unrecorded = null;
      }
    } finally {
      lock.unlock();
    }
  }

  private static @Nullable Refusal refusal(LocalStore.Identity identity, Contact contact) {
    UUID bound = identity.storeId();
    if (bound == null) {
      return null;
    }
    if (!bound.equals(contact.storeId())) {
      return new Refusal(
          "this is another database: the local directory belongs to store "
              + bound
              + ", the database is store "
              + contact.storeId()
              + "; give the node the right database or a directory of its own",
          true);
    }
    if (contact.counterBefore() < identity.counter()) {
      return new Refusal(
          "the database went back in time: it remembers contact "
              + contact.counterBefore()
              + " of this node, the node remembers "
              + identity.counter()
              + "; it is not used, so that nothing which only this node still has is overwritten",
          false);
    }
    if (!identity.history().equals(contact.history())) {
      return new Refusal(
          "the database has begun another history than the one this node followed", false);
    }
    return null;
  }

  /** Refuses a directory that was filled while no database was configured. */
  static void requireMirror(LocalStore local) {
    LocalStore.Identity identity = local.identity();
    if (identity.storeId() == null && identity.standaloneContent()) {
      throw new StoreConfigurationException(
          "the local directory holds conversations that were written without a database; use"
              + " another directory, and save its conversations into this store");
    }
  }
}
