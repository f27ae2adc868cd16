package io.conversationstore.testkit;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Has one of each; {@link ApiTest} lists it. */
public abstract class ApiSample<T extends Comparable<T>> implements Function<T, String> {
  public static final int COUNT = 3;
  protected @Nullable String name;
  protected byte @Nullable [] data;
  int hidden;

  protected ApiSample(@Nullable T first, String... rest) {}

  public abstract <E> Map<String, @Nullable E> map(List<? extends Number> values, byte[] data)
      throws IOException;

  void hide() {}

  /** Values. */
  public enum Kind {
    B,
    A
  }

  /** A record that only the store makes. */
  public record Result(int count) {}

  /** A contract. */
  public sealed interface Either permits Left {
    default void go() {}
  }

  /** One of it. */
  public static final class Left implements Either {}
}
