package io.conversationstore.cli;

import io.conversationstore.StoreUnavailableException;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.spi.LocalStore;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Collects all garbage of a directory. */
@Command(
    name = "compact",
    mixinStandardHelpOptions = true,
    description = {
      "Rewrites the files of a directory without garbage, if a tenth or more of them is garbage.",
      "Needs free space for what is kept.",
      "An open store does this by itself; a database has autovacuum."
    })
final class CompactCommand implements Callable<Integer> {

  /** Less garbage than this part of the files is not worth writing them again. */
  private static final int WORTH = 10;

  @Mixin private final StoreOptions place = new StoreOptions();

  private final Context context;

  CompactCommand(Context context) {
    this.context = context;
  }

  @Override
  public Integer call() throws InterruptedException {
    Path directory = place.location(context).requireDirectory();
    try (LocalStore local = JsonFileStore.openEngine(JsonFileOptions.in(directory))) {
      long before = local.fileBytes();
      long garbage = before - local.fileSpace().useful();
      if (garbage < before / WORTH) {
        report(directory, before, before);
        return ExitCode.OK;
      }
      try {
        local.collectGarbage().get();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof RuntimeException cause) {
          throw cause;
        }
        throw new StoreUnavailableException("the files in " + directory + " failed", e);
      }
      report(directory, before, local.fileBytes());
      return ExitCode.OK;
    }
  }

  private void report(Path directory, long before, long after) {
    if (context.json()) {
      context.jsonLine(
          out -> {
            out.writeNumberField("bytes_before", before);
            out.writeNumberField("bytes_after", after);
          });
    } else {
      context
          .out()
          .line(
              directory
                  + ": "
                  + Text.size(before)
                  + (before == after
                      ? ", no garbage worth collecting"
                      : " before, " + Text.size(after) + " now"));
    }
  }
}
