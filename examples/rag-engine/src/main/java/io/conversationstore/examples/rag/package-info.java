/**
 * A retrieval-augmented engine whose conversations are in a store.
 *
 * <ul>
 *   <li>{@link io.conversationstore.examples.rag.RagEngine}: one turn: history, passages, answer,
 *       append.
 *   <li>{@link io.conversationstore.examples.rag.Handbook}: the documents, as passages.
 *   <li>{@link io.conversationstore.examples.rag.PassageIndex}: finds passages by their vectors, in
 *       memory or in {@link io.conversationstore.examples.rag.PgVectorStore}.
 *   <li>{@link io.conversationstore.examples.rag.Answerer}: a model, or extracts without one.
 *   <li>{@link io.conversationstore.examples.rag.Program}: the program that users run.
 *   <li>{@link io.conversationstore.examples.rag.Story}: runs it through an outage and a restart.
 * </ul>
 */
@NullMarked
package io.conversationstore.examples.rag;

import org.jspecify.annotations.NullMarked;
