package io.conversationstore.examples.rag;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.rag.content.Content;
import dev.langchain4j.store.embedding.CosineSimilarity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Answers with sentences of the best passage: those nearest to the question. It invents nothing,
 * understands nothing, and says what it is.
 */
record ExtractiveAnswerer(EmbeddingModel embeddings) implements Answerer {

  private static final int SENTENCES = 2;

  /** A sentence of a passage, with its place and how near it is to the question. */
  private record Sentence(String text, int place, double nearness) {}

  @Override
  public String answer(
      List<ChatMessage> history, String question, UserMessage prompt, List<Content> passages) {
    if (passages.isEmpty()) {
      return "(extract, no model is configured) The handbook has no passage about this.";
    }
    Embedding wanted = embeddings.embed(question).content();
    List<String> texts = List.of(passages.get(0).textSegment().text().split("(?<=[.!?])\\s+"));
    List<Embedding> each =
        embeddings.embedAll(texts.stream().map(TextSegment::from).toList()).content();
    List<Sentence> sentences = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      double nearness = CosineSimilarity.between(wanted, each.get(i));
      sentences.add(new Sentence(texts.get(i), i, nearness));
    }
    return sentences.stream()
        .sorted(Comparator.comparingDouble(Sentence::nearness).reversed())
        .limit(SENTENCES)
        .sorted(Comparator.comparingInt(Sentence::place))
        .map(Sentence::text)
        .collect(Collectors.joining(" ", "(extract, no model is configured) ", ""));
  }

  @Override
  public String model() {
    return "extract";
  }
}
