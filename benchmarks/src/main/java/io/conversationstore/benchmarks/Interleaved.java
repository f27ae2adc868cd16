package io.conversationstore.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Sides that take turns: in each round every side has one slice, and a ratio is the median over the
 * rounds of the ratios within a round. What else the machine does in the course of a run so falls
 * on all sides alike. For one thread.
 */
final class Interleaved {

  /** One slice of work; gives its figure (a rate, a time). */
  @FunctionalInterface
  interface Slice {
    double measure() throws Exception;
  }

  private final Map<String, Slice> sides = new LinkedHashMap<>();
  private final Map<String, List<Double>> results = new LinkedHashMap<>();

  Interleaved side(String name, Slice slice) {
    sides.put(name, slice);
    results.put(name, new ArrayList<>());
    return this;
  }

  Interleaved run(int warmUps, int rounds) throws Exception {
    List<String> order = new ArrayList<>(sides.keySet());
    for (int round = -warmUps; round < rounds; round++) {
      for (String side : order) {
        double result = slice(side).measure();
        if (round >= 0) {
          all(side).add(result);
        }
      }
      // Each side comes after each other one, so that none always inherits the same one's dirt.
      Collections.rotate(order, 1);
    }
    return this;
  }

  private Slice slice(String side) {
    return Objects.requireNonNull(sides.get(side));
  }

  private List<Double> all(String side) {
    List<Double> all = results.get(side);
    if (all == null) {
      throw new IllegalArgumentException("no side is called " + side);
    }
    return all;
  }

  double median(String side) {
    return median(all(side).stream().mapToDouble(Double::doubleValue).toArray());
  }

  /** The median of what {@code side} had over what {@code base} had in the same round. */
  double ratio(String side, String base) {
    List<Double> above = all(side);
    List<Double> below = all(base);
    double[] ratios = new double[above.size()];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = above.get(i) / below.get(i);
    }
    return median(ratios);
  }

  /** Prints the median of each side and the range that it lies in. */
  void figures(Report report, String line, String unit) {
    for (String side : sides.keySet()) {
      double[] sorted = all(side).stream().mapToDouble(Double::doubleValue).sorted().toArray();
      report.figure(
          line + "." + side,
          median(sorted),
          unit
              + " (median of "
              + sorted.length
              + ", "
              + Report.number(sorted[0])
              + " to "
              + Report.number(sorted[sorted.length - 1])
              + ")");
    }
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
