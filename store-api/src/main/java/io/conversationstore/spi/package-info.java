/** What store implementations share; not meant for applications. */
@NullMarked
package io.conversationstore.spi;

import org.jspecify.annotations.NullMarked;
