package io.conversationstore.spring.boot.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.test.context.ContextCustomizer;
import org.springframework.test.context.MergedContextConfiguration;
import org.springframework.test.context.support.TestPropertySourceUtils;
import org.springframework.util.FileSystemUtils;

/**
 * Gives the store of a context a directory, and deletes it with the context. Equal customizers let
 * test classes share a context.
 *
 * @param database whether the store uses a database beside the files
 */
record OwnDirectoryCustomizer(boolean database) implements ContextCustomizer {

  private static final String NAME = "conversation-store-test";

  @Override
  public void customizeContext(
      ConfigurableApplicationContext context, MergedContextConfiguration configuration) {
    Path directory = create();
    Map<String, Object> properties = new HashMap<>();
    properties.put("conversation-store.directory", directory.toString());
    if (!database) {
      properties.put("conversation-store.mode", "jsonfile");
    }
    MutablePropertySources sources = context.getEnvironment().getPropertySources();
    MapPropertySource source = new MapPropertySource(NAME, properties);
    // What the test itself says wins.
    String ofTest = TestPropertySourceUtils.INLINED_PROPERTIES_PROPERTY_SOURCE_NAME;
    if (sources.contains(ofTest)) {
      sources.addAfter(ofTest, source);
    } else {
      sources.addFirst(source);
    }
    // Beans are destroyed in the reverse order of their registration: the store closes before.
    DisposableBean deletion = () -> FileSystemUtils.deleteRecursively(directory);
    ((DefaultListableBeanFactory) context.getBeanFactory()).registerDisposableBean(NAME, deletion);
  }

  private static Path create() {
    try {
      return Files.createTempDirectory(NAME);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
