package io.conversationstore.jsonfile.internal.engine;

import io.conversationstore.AppendCondition;
import io.conversationstore.Message;
import io.conversationstore.json.ModelJson;
import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.NewMessage;
import java.time.Instant;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Changes without contents, in order, packed: there may be many, and most append one message. Such
 * a change takes 60 bytes and becomes an object each time it is asked for; others are kept as they
 * are. Thread-safe once it is complete.
 */
public final class PackedHeads extends AbstractList<Change> implements RandomAccess {

  /** Columns: change id (two), message id (two), digest (two), time. */
  private static final int WIDTH = 7;

  private static final int ROWS_PER_BLOCK = 512;

  /** A short list is not worth a block. */
  private static final int FEW = 64;

  private static final int DIGEST_LENGTH = 32;
  private static final HexFormat HEX = HexFormat.of();

  /** Microseconds of more seconds may not fit into a column. */
  private static final long MOST_SECONDS = 1_000_000_000_000L;

  /** What neighbouring appends have in common: an append without its columns. */
  private record Common(MessagesAppended first) {

    boolean isOf(MessagesAppended append) {
      ChangeStamp stamp = append.stamp();
      ChangeStamp mine = first.stamp();
      return stamp.owner().equals(mine.owner())
          && stamp.epoch() == mine.epoch()
          && stamp.node().equals(mine.node())
          && append.ref().equals(first.ref())
          && append.messages().get(0).message().equals(message());
    }

    Message message() {
      return first.messages().get(0).message();
    }
  }

  /** For each change itself, or what it has in common with others. */
  private final List<Object> kept = new ArrayList<>();

  private final List<long[]> blocks = new ArrayList<>();
  private @Nullable Common last;

  @Override
  public boolean add(Change change) {
    kept.add(change instanceof MessagesAppended append && pack(append) ? common(append) : change);
    return true;
  }

  private Common common(MessagesAppended append) {
    Common same = last;
    if (same == null || !same.isOf(append)) {
      same = new Common(append);
      last = same;
    }
    return same;
  }

  private boolean pack(MessagesAppended append) {
    NewMessage message = append.messages().get(0);
    Instant time = append.stamp().time();
    if (kept.size() < FEW
        || append.messages().size() != 1
        || append.editExisting()
        || !append.condition().equals(AppendCondition.always())
        || message.createdAt() != null
        || time.getNano() % 1_000 != 0
        || Math.abs(time.getEpochSecond()) > MOST_SECONDS
        || !isPlain(message.digest())) {
      return false;
    }
    int row = kept.size();
    while (blocks.size() <= row / ROWS_PER_BLOCK) {
      blocks.add(new long[WIDTH * ROWS_PER_BLOCK]);
    }
    long[] block = blocks.get(row / ROWS_PER_BLOCK);
    int at = row % ROWS_PER_BLOCK * WIDTH;
    block[at] = append.id().getMostSignificantBits();
    block[at + 1] = append.id().getLeastSignificantBits();
    block[at + 2] = message.id().getMostSignificantBits();
    block[at + 3] = message.id().getLeastSignificantBits();
    block[at + 4] = HexFormat.fromHexDigitsToLong(message.digest(), 0, DIGEST_LENGTH / 2);
    block[at + 5] =
        HexFormat.fromHexDigitsToLong(message.digest(), DIGEST_LENGTH / 2, DIGEST_LENGTH);
    block[at + 6] = Micros.of(time);
    return true;
  }

  /** Whether a digest is what {@link ModelJson#digest} writes. */
  private static boolean isPlain(String digest) {
    if (digest.length() != DIGEST_LENGTH) {
      return false;
    }
    for (int i = 0; i < DIGEST_LENGTH; i++) {
      char c = digest.charAt(i);
      if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
        return false;
      }
    }
    return true;
  }

  @Override
  public Change get(int index) {
    Object one = kept.get(Objects.checkIndex(index, kept.size()));
    return one instanceof Common common ? unpacked(common, index) : (Change) one;
  }

  private Change unpacked(Common common, int row) {
    long[] block = blocks.get(row / ROWS_PER_BLOCK);
    int at = row % ROWS_PER_BLOCK * WIDTH;
    ChangeStamp stamp = common.first.stamp();
    NewMessage message =
        new NewMessage(
            new UUID(block[at + 2], block[at + 3]),
            common.message(),
            HEX.toHexDigits(block[at + 4]) + HEX.toHexDigits(block[at + 5]),
            null);
    return new MessagesAppended(
        new ChangeStamp(
            new UUID(block[at], block[at + 1]),
            stamp.owner(),
            stamp.epoch(),
            Micros.instant(block[at + 6]),
            stamp.node()),
        common.first.ref(),
        List.of(message),
        AppendCondition.always(),
        false);
  }

  @Override
  public int size() {
    return kept.size();
  }
}
