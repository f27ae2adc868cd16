/**
 * Parts that do not know the store's rules: time, tasks, waits and sizes.
 *
 * <ul>
 *   <li>{@link NodeScheduler}: background tasks and all waits of a node; {@link ThreadScheduler} in
 *       production, simulated time in tests.
 *   <li>{@link NodeContext}: clock, scheduler and locks that all rooms of a node share.
 *   <li>{@link CoalescingTask}: one run at a time, requests meanwhile are combined.
 *   <li>{@link NodeClock}: the node's clock, corrected to the database's.
 *   <li>{@link Backoff}: growing waits between retries.
 *   <li>{@link RepeatedFailureFilter}: logs a recurring failure once.
 *   <li>{@link LocalFailureException}: a failure of the local files, which says nothing about the
 *       database.
 *   <li>{@link BaseLocks}: keep database or mirror unchanged while pending changes are laid over
 *       it.
 *   <li>{@link ContentSize}: approximate size of messages.
 * </ul>
 *
 * <p>Every other room may call it.
 *
 * <p>It must not know any other room: neither the database nor the mirror nor the queue.
 */
@NullMarked
package io.conversationstore.hybrid.internal.support;

import org.jspecify.annotations.NullMarked;
