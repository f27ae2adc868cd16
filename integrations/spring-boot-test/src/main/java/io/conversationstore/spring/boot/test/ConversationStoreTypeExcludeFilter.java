package io.conversationstore.spring.boot.test;

import org.springframework.boot.test.context.filter.annotation.StandardAnnotationCustomizableTypeExcludeFilter;

/** Leaves out what {@link ConversationStoreTest} does not include. */
final class ConversationStoreTypeExcludeFilter
    extends StandardAnnotationCustomizableTypeExcludeFilter<ConversationStoreTest> {

  ConversationStoreTypeExcludeFilter(Class<?> testClass) {
    super(testClass);
  }
}
