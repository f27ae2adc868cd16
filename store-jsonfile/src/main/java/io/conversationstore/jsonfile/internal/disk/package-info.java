/**
 * The files of one directory.
 *
 * <p>Inside: {@code LogFiles}, the only way to the disk, and {@code DiskFiles}, its implementation;
 * {@code FileNames}, all file names; {@code Segments}, the open files by number; {@code Place} and
 * {@code NearbyReads}, bytes by position; {@code DirectoryLock} and {@code HeldDirectories}, one
 * store for each directory; {@code Uninterruptibly}, work that survives interrupts.
 *
 * <p>All rooms may call it.
 *
 * <p>It must not know what the bytes of a file mean.
 */
@NullMarked
package io.conversationstore.jsonfile.internal.disk;

import org.jspecify.annotations.NullMarked;
