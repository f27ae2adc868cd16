package io.conversationstore.examples.rag;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.rag.content.Content;
import dev.langchain4j.rag.content.ContentMetadata;
import dev.langchain4j.rag.content.retriever.ContentRetriever;
import dev.langchain4j.rag.query.Query;
import dev.langchain4j.store.embedding.EmbeddingMatch;
import dev.langchain4j.store.embedding.EmbeddingSearchRequest;
import dev.langchain4j.store.embedding.EmbeddingStore;
import dev.langchain4j.store.embedding.inmemory.InMemoryEmbeddingStore;
import java.util.List;
import java.util.Map;

/** Finds the passages whose meaning is nearest to a question. Thread-safe. */
final class PassageIndex implements ContentRetriever {

  private static final int MOST = 3;

  /**
   * The least relevance, from 0 to 1: (cosine + 1) / 2. Unrelated texts of the model have a cosine
   * of about 0 to 0.2.
   */
  private static final double LEAST_RELEVANCE = 0.62;

  private final EmbeddingModel model;
  private final EmbeddingStore<TextSegment> vectors;

  private PassageIndex(EmbeddingModel model, EmbeddingStore<TextSegment> vectors) {
    this.model = model;
    this.vectors = vectors;
  }

  /** An index in memory. It is built in a few seconds, at each start. */
  static PassageIndex inMemory(EmbeddingModel model, List<TextSegment> passages) {
    EmbeddingStore<TextSegment> vectors = new InMemoryEmbeddingStore<>();
    vectors.addAll(embedded(model, passages), passages);
    return new PassageIndex(model, vectors);
  }

  /** An index in a database with pgvector. It is built once for each version of the passages. */
  static PassageIndex inDatabase(
      EmbeddingModel model, PgVectorStore vectors, List<TextSegment> passages) {
    if (!vectors.holds(passages)) {
      vectors.replaceAll(embedded(model, passages), passages);
    }
    return new PassageIndex(model, vectors);
  }

  /** The vectors of passages with their headings, which often have the words of a question. */
  private static List<Embedding> embedded(EmbeddingModel model, List<TextSegment> passages) {
    return model
        .embedAll(
            passages.stream()
                .map(
                    passage ->
                        TextSegment.from(
                            passage.metadata().getString(Handbook.SECTION) + "\n" + passage.text()))
                .toList())
        .content();
  }

  /** The nearest passages, best first; each has its relevance as its score. */
  @Override
  public List<Content> retrieve(Query query) {
    Embedding question = model.embed(query.text()).content();
    return vectors
        .search(
            EmbeddingSearchRequest.builder()
                .queryEmbedding(question)
                .maxResults(MOST)
                .minScore(LEAST_RELEVANCE)
                .build())
        .matches()
        .stream()
        .map(PassageIndex::content)
        .toList();
  }

  private static Content content(EmbeddingMatch<TextSegment> match) {
    return Content.from(match.embedded(), Map.of(ContentMetadata.SCORE, match.score()));
  }
}
