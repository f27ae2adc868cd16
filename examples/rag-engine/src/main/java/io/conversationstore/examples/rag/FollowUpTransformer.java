package io.conversationstore.examples.rag;

import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.rag.query.Query;
import dev.langchain4j.rag.query.transformer.QueryTransformer;
import java.util.Collection;
import java.util.List;

/**
 * Looks for a question, and for it behind the question before: "and how long does it take?" finds
 * nothing by itself. Works without a model.
 */
final class FollowUpTransformer implements QueryTransformer {

  @Override
  public Collection<Query> transform(Query query) {
    List<ChatMessage> before = query.metadata().chatMemory();
    for (int i = before.size() - 1; i >= 0; i--) {
      if (before.get(i) instanceof UserMessage question) {
        String both = question.singleText() + " " + query.text();
        return List.of(query, Query.from(both, query.metadata()));
      }
    }
    return List.of(query);
  }
}
