/**
 * Work on the files beside the writer.
 *
 * <p>Inside: {@code Maintenance} chooses the most urgent job and runs it on its own thread; {@code
 * MaintenanceJobs} are the jobs; {@code TextEraser} and {@code OwnerLines} find the text of erased
 * owners, {@code Overwrites} replaces it and completes what a crash cut off ({@code
 * OverwrittenFiles} shows the result to readers); {@code Compaction} and {@code SnapshotFiles}
 * write rows without garbage.
 *
 * <p>The room {@code engine} and {@code JsonFileTool} may call it.
 *
 * <p>It must not know callers of the store. It changes the index only on the log thread.
 */
@NullMarked
package io.conversationstore.jsonfile.internal.maintenance;

import org.jspecify.annotations.NullMarked;
