package io.conversationstore.spring.boot.test;

import org.springframework.boot.test.autoconfigure.TestSliceTestContextBootstrapper;

/** Reads the properties of {@link ConversationStoreTest}. */
final class ConversationStoreTestContextBootstrapper
    extends TestSliceTestContextBootstrapper<ConversationStoreTest> {}
