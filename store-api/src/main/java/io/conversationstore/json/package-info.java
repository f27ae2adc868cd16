/** The JSON shape of the model: one shape for files, JSONB, REST and export. */
@NullMarked
package io.conversationstore.json;

import org.jspecify.annotations.NullMarked;
