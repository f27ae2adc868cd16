/** Contract suite, reference model and helpers for testing stores. */
@NullMarked
package io.conversationstore.testkit;

import org.jspecify.annotations.NullMarked;
