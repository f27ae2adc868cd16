package io.conversationstore.examples.rag;

import dev.langchain4j.data.document.Metadata;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.rag.AugmentationRequest;
import dev.langchain4j.rag.AugmentationResult;
import dev.langchain4j.rag.RetrievalAugmentor;
import dev.langchain4j.rag.content.Content;
import dev.langchain4j.rag.content.ContentMetadata;
import io.conversationstore.AppendCondition;
import io.conversationstore.Appended;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Role;
import io.conversationstore.StoredMessage;
import io.conversationstore.UnknownWhileOfflineException;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * One turn of a conversation about the handbook: reads the history from the store, finds passages,
 * answers, and appends question and answer together. Thread-safe.
 */
final class RagEngine {

  /** Metadata of a question: the text that the model got, with the passages. */
  static final String PROMPT = "prompt";

  /** Metadata of an answer: the passages that it rests on, best first. */
  static final String CITATIONS = "citations";

  private static final int HISTORY = 10;
  private static final int LONGEST_TITLE = 60;

  private final ConversationStore store;
  private final RetrievalAugmentor augmentor;
  private final Answerer answerer;

  RagEngine(ConversationStore store, RetrievalAugmentor augmentor, Answerer answerer) {
    this.store = store;
    this.augmentor = augmentor;
    this.answerer = answerer;
  }

  /**
   * Answers a question and stores the turn. The conversation is created by its first turn.
   *
   * @return question and answer as stored
   * @throws io.conversationstore.ConversationStoreException if the turn was not stored
   */
  List<StoredMessage> ask(Owner owner, String conversation, String question) {
    List<ChatMessage> history = history(owner, conversation);
    UserMessage asked = UserMessage.from(question);
    AugmentationResult found =
        augmentor.augment(
            new AugmentationRequest(
                asked, dev.langchain4j.rag.query.Metadata.from(asked, conversation, history)));
    UserMessage prompt = (UserMessage) found.chatMessage();
    String answer = answerer.answer(history, question, prompt, found.contents());
    // With ids, the turn can be appended again after an unknown outcome: it is stored once.
    Message asStored =
        Message.user(question)
            .withId(UUID.randomUUID())
            .withMetadata(Map.of(PROMPT, prompt.singleText()));
    Message reply =
        Message.assistant(answer)
            .withId(UUID.randomUUID())
            .withModel(answerer.model())
            .withMetadata(Map.of(CITATIONS, citations(found.contents())));
    Appended appended =
        store.append(
            owner,
            NewConversation.ofId(conversation).withTitle(title(question)),
            List.of(asStored, reply),
            AppendCondition.always());
    return appended.messages();
  }

  /**
   * The last messages, oldest first. None if the conversation is new, or if the database is away
   * and this node does not know whether it is: the answer then does without, and is stored
   * nevertheless.
   */
  private List<ChatMessage> history(Owner owner, String conversation) {
    try {
      return store.last(owner, conversation, HISTORY).stream().map(RagEngine::chat).toList();
    } catch (ConversationNotFoundException isNew) {
      return List.of();
    } catch (UnknownWhileOfflineException notHere) {
      return List.of();
    }
  }

  private static ChatMessage chat(StoredMessage message) {
    return message.role() == Role.USER
        ? UserMessage.from(message.text())
        : AiMessage.from(message.text());
  }

  private static List<Map<String, Object>> citations(List<Content> passages) {
    return passages.stream()
        .map(
            passage -> {
              Metadata metadata = passage.textSegment().metadata();
              Map<String, Object> citation =
                  Map.of(
                      Handbook.SOURCE,
                      String.valueOf(metadata.getString(Handbook.SOURCE)),
                      Handbook.SECTION,
                      String.valueOf(metadata.getString(Handbook.SECTION)),
                      "relevance",
                      passage.metadata().getOrDefault(ContentMetadata.SCORE, 0.0));
              return citation;
            })
        .toList();
  }

  private static String title(String question) {
    return question.length() <= LONGEST_TITLE ? question : question.substring(0, LONGEST_TITLE);
  }
}
