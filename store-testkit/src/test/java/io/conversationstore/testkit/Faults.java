package io.conversationstore.testkit;

import io.conversationstore.AppendCondition;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.Slice;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.StoreEngine;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

/** Known bugs, each introduced into the reference model by wrapping its engine. */
enum Faults {
  FORGETS_IDEMPOTENCY {
    @Override
    Object call(StoreEngine engine, Call call) throws Throwable {
      if (call.first() instanceof Change.MessagesAppended append) {
        List<NewMessage> renamed =
            append.messages().stream()
                .map(m -> new NewMessage(UUID.randomUUID(), m.message(), m.digest(), m.createdAt()))
                .toList();
        return engine.apply(
            new Change.MessagesAppended(
                append.stamp(), append.ref(), renamed, append.condition(), append.editExisting()),
            ApplyMode.LIVE);
      }
      return call.proceed();
    }
  },
  SWAPS_TWO_MESSAGES {
    @Override
    Object call(StoreEngine engine, Call call) throws Throwable {
      Object answer = call.proceed();
      if (answer instanceof MessageSlice read && read.slice().items().size() > 1) {
        List<MessageState> items = new ArrayList<>(read.slice().items());
        Collections.swap(items, 0, 1);
        return new MessageSlice(read.conversation(), with(read.slice(), items));
      }
      return answer;
    }
  },
  LOSES_A_NEIGHBOUR_AT_A_DELETE {
    @Override
    Object call(StoreEngine engine, Call call) throws Throwable {
      Object answer = call.proceed();
      if (call.first() instanceof Change.MessageDeleted deleted && ((Applied) answer).changed()) {
        MessageSlice rest =
            engine.messages(deleted.owner(), deleted.ref().id(), Direction.FORWARD, null, 1);
        for (MessageState first : rest.slice().items()) {
          engine.apply(
              new Change.MessageDeleted(
                  new ChangeStamp(
                      UUID.randomUUID(),
                      deleted.owner(),
                      deleted.stamp().epoch(),
                      deleted.stamp().time(),
                      deleted.stamp().node()),
                  deleted.ref(),
                  first.messageId()),
              ApplyMode.LIVE);
        }
      }
      return answer;
    }
  },
  LEAKS_ANOTHER_TENANT {
    @Override
    Object call(StoreEngine engine, Call call) throws Throwable {
      return call.method().equals("apply") ? call.proceed() : call.withOwner(Faults::anyTenant);
    }
  },
  FORGETS_DELETES_OF_CONVERSATIONS {
    @Override
    Object call(StoreEngine engine, Call call) throws Throwable {
      if (call.first() instanceof Change.ConversationDeleted deleted) {
        return Applied.of(
            true, List.of(engine.find(deleted.owner(), deleted.ref().id()).conversation()));
      }
      return call.proceed();
    }
  },
  COUNTS_WRONG {
    @Override
    Object call(StoreEngine engine, Call call) throws Throwable {
      Object answer = call.proceed();
      return answer instanceof OwnerCounts counts && counts.messages() > 3
          ? new OwnerCounts(counts.conversations(), counts.messages() - 1)
          : answer;
    }
  },
  IGNORES_CONDITIONS {
    @Override
    Object call(StoreEngine engine, Call call) throws Throwable {
      if (call.first() instanceof Change.MessagesAppended append) {
        return engine.apply(
            new Change.MessagesAppended(
                append.stamp(),
                append.ref(),
                append.messages(),
                AppendCondition.always(),
                append.editExisting()),
            ApplyMode.LIVE);
      }
      return call.proceed();
    }
  },
  SEARCH_MISSES_THE_OLDEST_HIT {
    @Override
    Object call(StoreEngine engine, Call call) throws Throwable {
      Object answer = call.proceed();
      if (call.method().equals("search") && answer instanceof Slice<?> hits && !hits.more()) {
        int size = Math.max(0, hits.items().size() - 1);
        return new Slice<>(hits.history(), hits.items().subList(0, size), false, hits.provenance());
      }
      return answer;
    }
  },
  SEARCH_MISSES_WHAT_WAS_EDITED {
    @Override
    Object call(StoreEngine engine, Call call) throws Throwable {
      Object answer = call.proceed();
      if (call.method().equals("search") && answer instanceof Slice<?> hits) {
        List<?> kept =
            hits.items().stream()
                .filter(hit -> ((MessageState) hit).requireLive().editedAt() == null)
                .toList();
        return new Slice<>(hits.history(), kept, hits.more(), hits.provenance());
      }
      return answer;
    }
  },
  SAYS_THERE_IS_NO_MORE {
    @Override
    Object call(StoreEngine engine, Call call) throws Throwable {
      Object answer = call.proceed();
      if (answer instanceof MessageSlice read && read.slice().items().size() == 2) {
        Slice<MessageState> slice = read.slice();
        return new MessageSlice(
            read.conversation(),
            new Slice<>(slice.history(), slice.items(), false, slice.provenance()));
      }
      return answer;
    }
  };

  /** One call of the engine. */
  record Call(StoreEngine engine, Method target, List<Object> arguments) {
    String method() {
      return target.getName();
    }

    Object first() {
      return arguments.isEmpty() ? null : arguments.get(0);
    }

    Object proceed() throws Throwable {
      try {
        return target.invoke(engine, arguments.toArray());
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    }

    Object withOwner(Function<Owner, Owner> change) throws Throwable {
      if (first() instanceof Owner owner) {
        List<Object> changed = new ArrayList<>(arguments);
        changed.set(0, change.apply(owner));
        return new Call(engine, target, changed).proceed();
      }
      return proceed();
    }
  }

  abstract Object call(StoreEngine engine, Call call) throws Throwable;

  /** The model's engine with this bug. */
  StoreEngine engine(Clock clock) {
    StoreEngine engine = new ReferenceEngine(clock);
    return (StoreEngine)
        Proxy.newProxyInstance(
            Faults.class.getClassLoader(),
            new Class<?>[] {StoreEngine.class},
            (proxy, method, arguments) ->
                call(
                    engine,
                    new Call(
                        engine, method, arguments == null ? List.of() : Arrays.asList(arguments))));
  }

  private static <S> Slice<S> with(Slice<S> slice, List<S> items) {
    return new Slice<>(slice.history(), items, slice.more(), slice.provenance());
  }

  /** Reads by a user of one tenant return the data of the same user in another. */
  private static Owner anyTenant(Owner owner) {
    String tenant = owner.tenantId();
    return tenant.endsWith("-other")
        ? Owner.of(tenant.substring(0, tenant.length() - "-other".length()), owner.userId())
        : tenant.endsWith("-b")
            ? Owner.of(tenant.substring(0, tenant.length() - 1) + "a", owner.userId())
            : owner;
  }
}
