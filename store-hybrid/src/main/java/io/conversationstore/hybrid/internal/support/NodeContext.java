package io.conversationstore.hybrid.internal.support;

/**
 * What all rooms of a node share.
 *
 * @param clock the node's clock, corrected to the database's
 * @param scheduler background tasks and waits
 * @param baseLocks keep database and mirror unchanged while pending changes are laid over them
 */
public record NodeContext(NodeClock clock, NodeScheduler scheduler, BaseLocks baseLocks) {

  public NodeContext(NodeClock clock, NodeScheduler scheduler) {
    this(clock, scheduler, new BaseLocks(scheduler));
  }
}
