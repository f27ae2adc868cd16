/** The shortest program that keeps a conversation. */
@NullMarked
package io.conversationstore.examples.quickstart;

import org.jspecify.annotations.NullMarked;
