/**
 * A {@link io.conversationstore.ConversationStore} as a bean of Spring Boot, configured by the
 * properties in {@link io.conversationstore.spring.boot.ConversationStoreProperties}, with health,
 * metrics and, if Spring AI is there, its chat memory. The customizers change options that have no
 * property.
 */
@NullMarked
package io.conversationstore.spring.boot;

import org.jspecify.annotations.NullMarked;
