/**
 * For tests of Spring Boot applications: a slice with a store in a directory of its own, and the
 * database of a container with {@code @ServiceConnection}.
 */
@NullMarked
package io.conversationstore.spring.boot.test;

import org.jspecify.annotations.NullMarked;
