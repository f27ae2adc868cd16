/**
 * Ratios of the stores against bare files and embedded stores, measured side by side in one run;
 * see benchmarks/README.md.
 */
@NullMarked
package io.conversationstore.benchmarks;

import org.jspecify.annotations.NullMarked;
