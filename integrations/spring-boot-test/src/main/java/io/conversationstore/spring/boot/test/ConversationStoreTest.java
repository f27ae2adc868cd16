package io.conversationstore.spring.boot.test;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.test.autoconfigure.OverrideAutoConfiguration;
import org.springframework.boot.test.context.filter.annotation.TypeExcludeFilters;
import org.springframework.context.annotation.ComponentScan.Filter;
import org.springframework.core.annotation.AliasFor;
import org.springframework.test.context.BootstrapWith;
import org.springframework.test.context.junit.jupiter.SpringExtension;

/**
 * A test of what an application does with its {@code ConversationStore}. The context has the store
 * and, if {@code conversation-store-spring-ai} is there, the chat memory, and no other bean: add
 * those of the application by {@code @Import} or {@link #includeFilters()}.
 *
 * <p>The store uses a directory of its own, which is deleted with the context. Contexts are cached,
 * so test classes of the same configuration share one store: use an owner for each test.
 *
 * <pre>{@code
 * @ConversationStoreTest
 * @Import(Orders.class)
 * class OrdersTest {
 *   @Autowired ConversationStore store;
 *   @Autowired Orders orders;
 * }
 * }</pre>
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@BootstrapWith(ConversationStoreTestContextBootstrapper.class)
@ExtendWith(SpringExtension.class)
@OverrideAutoConfiguration(enabled = false)
@TypeExcludeFilters(ConversationStoreTypeExcludeFilter.class)
@AutoConfigureConversationStore
public @interface ConversationStoreTest {

  /**
   * Whether to use the database of the properties or of a {@code @ServiceConnection}. Otherwise
   * conversations are in files alone, whatever the properties of the application say.
   */
  @AliasFor(annotation = AutoConfigureConversationStore.class)
  boolean database() default false;

  /** Properties in the form {@code key=value}. */
  String[] properties() default {};

  /** Whether the classes of the application are left out of component scanning. */
  boolean useDefaultFilters() default true;

  /** Classes of the application to include. */
  Filter[] includeFilters() default {};

  /** Classes of the application to exclude. */
  Filter[] excludeFilters() default {};

  /** Auto-configurations to exclude. */
  @AliasFor(annotation = ImportAutoConfiguration.class, attribute = "exclude")
  Class<?>[] excludeAutoConfiguration() default {};
}
