package io.conversationstore.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The other tests run with the versions that an application of Spring Boot gets. */
class ManagedVersionsTest {

  private static final Map<String, String> JARS =
      Map.of(
          "caffeine", "caffeine",
          "flyway-core", "flyway",
          "flyway-database-postgresql", "flyway",
          "HikariCP", "hikaricp",
          "jackson-databind", "jackson-2-bom",
          "micrometer-core", "micrometer",
          "postgresql", "postgresql",
          "slf4j-api", "slf4j",
          "spring-core", "spring-framework",
          "spring-jdbc", "spring-framework");

  @Test
  void theClassPathHasTheVersionsOfSpringBoot() throws Exception {
    String managed =
        Files.readString(Path.of("target", "managed-versions", "spring-boot-dependencies.xml"));
    List<String> files =
        Arrays.stream(
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path"))
                    .split(File.pathSeparator))
            .map(entry -> Path.of(entry).getFileName().toString())
            .toList();
    JARS.forEach(
        (jar, property) -> {
          Matcher version =
              Pattern.compile("<" + property + "\\.version>([^<]+)<").matcher(managed);
          assertThat(version.find()).as(property).isTrue();
          // Jackson 3 has a jar of the same name beside Jackson 2.
          assertThat(files).contains(jar + "-" + version.group(1) + ".jar");
        });
  }
}
