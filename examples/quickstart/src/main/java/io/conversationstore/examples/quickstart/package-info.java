/** Real conversations through the hybrid store, while its database is killed and started again. */
@NullMarked
package io.conversationstore.examples.quickstart;

import org.jspecify.annotations.NullMarked;
