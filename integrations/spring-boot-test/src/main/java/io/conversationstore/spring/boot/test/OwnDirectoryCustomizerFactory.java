package io.conversationstore.spring.boot.test;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.test.context.ContextConfigurationAttributes;
import org.springframework.test.context.ContextCustomizer;
import org.springframework.test.context.ContextCustomizerFactory;
import org.springframework.test.context.TestContextAnnotationUtils;

/** Finds the test classes whose store gets a directory of its own. */
final class OwnDirectoryCustomizerFactory implements ContextCustomizerFactory {

  @Override
  public @Nullable ContextCustomizer createContextCustomizer(
      Class<?> testClass, List<ContextConfigurationAttributes> attributes) {
    AutoConfigureConversationStore asked =
        TestContextAnnotationUtils.findMergedAnnotation(
            testClass, AutoConfigureConversationStore.class);
    return asked == null ? null : new OwnDirectoryCustomizer(asked.database());
  }
}
