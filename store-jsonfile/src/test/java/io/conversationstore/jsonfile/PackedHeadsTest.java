package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.AppendCondition;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.Owner;
import io.conversationstore.Role;
import io.conversationstore.TokenUsage;
import io.conversationstore.json.ModelJson;
import io.conversationstore.jsonfile.internal.engine.PackedHeads;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.MessageEdited;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.NewMessage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PackedHeadsTest {

  private static final Message UNREAD = Message.of(Role.USER);
  private static final UUID NODE = UUID.randomUUID();

  private static ChangeStamp stamp(Random random, String user) {
    return new ChangeStamp(
        new UUID(random.nextLong(), random.nextLong()),
        Owner.of("acme", user),
        random.nextInt(20) == 0 ? 1 : ChangeStamp.PRESENT_EPOCH,
        Instant.ofEpochSecond(random.nextInt(), random.nextInt(1_000_000) * 1_000L),
        random.nextInt(20) == 0 ? new UUID(1, random.nextLong()) : NODE);
  }

  private static NewMessage message(Random random, Message message) {
    return new NewMessage(
        new UUID(random.nextLong(), random.nextLong()),
        message,
        ModelJson.digest(Message.user(String.valueOf(random.nextInt()))),
        null);
  }

  /** One in three differs in one respect from the append of one message. */
  private static Change change(Random random) {
    ChangeStamp stamp = stamp(random, random.nextInt(20) == 0 ? "bob" : "alice");
    ConversationRef ref = new ConversationRef("chat", random.nextInt(20) == 0 ? 2 : 1);
    NewMessage plain = message(random, UNREAD);
    AppendCondition always = AppendCondition.always();
    return switch (random.nextInt(24)) {
      case 0 -> new MessageEdited(stamp, ref, plain.id(), MessageEdit.text("edited"));
      case 1 ->
          new MessagesAppended(stamp, ref, List.of(plain, message(random, UNREAD)), always, false);
      case 2 -> new MessagesAppended(stamp, ref, List.of(plain), always, true);
      case 3 -> new MessagesAppended(stamp, ref, List.of(plain), AppendCondition.ifEmpty(), false);
      case 4 -> {
        NewMessage used =
            message(random, UNREAD.withModel(null).withUsage(new TokenUsage(1, 2, 3)));
        yield new MessagesAppended(stamp, ref, List.of(used), always, false);
      }
      case 5 -> {
        NewMessage timed =
            new NewMessage(plain.id(), UNREAD, plain.digest(), Instant.ofEpochSecond(5));
        yield new MessagesAppended(stamp, ref, List.of(timed), always, false);
      }
      case 6 -> {
        String digest = plain.digest().toUpperCase(Locale.ROOT) + "X";
        NewMessage odd = new NewMessage(plain.id(), UNREAD, digest.substring(1), null);
        yield new MessagesAppended(stamp, ref, List.of(odd), always, false);
      }
      case 7 ->
          new MessagesAppended(
              stamp.withTime(random.nextBoolean() ? Instant.MAX : stamp.time().plusNanos(1)),
              ref,
              List.of(plain),
              always,
              false);
      default -> new MessagesAppended(stamp, ref, List.of(plain), always, false);
    };
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 63, 64, 65, 511, 512, 513, 3_000})
  void holdsWhatWasAdded(int count) {
    Random random = new Random(count);
    List<Change> plain = new ArrayList<>();
    List<Change> packed = new PackedHeads();
    for (int i = 0; i < count; i++) {
      Change change = change(random);
      plain.add(change);
      packed.add(change);
    }
    assertThat(packed).isEqualTo(plain).hasSize(count);
    if (count == 3_000) {
      // Packed ones become an object each time.
      assertThat(packed.get(2_000)).isEqualTo(plain.get(2_000));
      assertThat(packed.stream().filter(plain.stream().toList()::contains)).hasSize(count);
      Set<Change> objects = Collections.newSetFromMap(new IdentityHashMap<>());
      for (int i = 0; i < count; i++) {
        objects.add(packed.get(i));
        objects.add(packed.get(i));
      }
      assertThat(objects).hasSizeGreaterThan(count * 3 / 2);
    }
  }
}
