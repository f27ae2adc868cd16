package io.conversationstore.examples.rag;

import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.onnx.allminilml6v2q.AllMiniLmL6V2QuantizedEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.rag.DefaultRetrievalAugmentor;
import dev.langchain4j.rag.query.transformer.CompressingQueryTransformer;
import dev.langchain4j.rag.query.transformer.QueryTransformer;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.Owner;
import io.conversationstore.Role;
import io.conversationstore.StoreState;
import io.conversationstore.StoredMessage;
import io.conversationstore.hybrid.ConversationStores;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * The program that users run: reads questions and commands from its input, one in each line, and
 * prints the answers. Each reply ends with an empty line.
 *
 * <pre>
 * /in NAME     continues in the conversation NAME, or begins it
 * /history     shows the conversation
 * /state       shows the state of the store
 * /quit        ends the program, as the end of the input does
 * </pre>
 */
public final class Program {

  private static final int SHOWN = 100;

  private final ConversationStore store;
  private final RagEngine engine;
  private final Owner owner;
  private final PrintStream out;
  private String conversation = "first";

  private Program(ConversationStore store, RagEngine engine, Owner owner, PrintStream out) {
    this.store = store;
    this.engine = engine;
    this.owner = owner;
    this.out = out;
  }

  /** Runs until its input ends. Argument {@code --terminal}: prints a prompt before each line. */
  public static void main(String[] arguments) throws IOException {
    boolean prompts = List.of(arguments).contains("--terminal");
    Map<String, String> variables = System.getenv();
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    EmbeddingModel embeddings = new AllMiniLmL6V2QuantizedEmbeddingModel();
    PassageIndex index = index(embeddings, variables, out);
    Answerer answerer = new ExtractiveAnswerer(embeddings);
    QueryTransformer transformer = new FollowUpTransformer();
    String endpoint = variables.get("OPENAI_BASE_URL");
    if (endpoint != null) {
      String name = variables.getOrDefault("OPENAI_MODEL", "gpt-4o-mini");
      OpenAiChatModel model =
          OpenAiChatModel.builder()
              .baseUrl(endpoint)
              .apiKey(variables.getOrDefault("OPENAI_API_KEY", "none"))
              .modelName(name)
              .build();
      answerer = new ModelAnswerer(model, name);
      transformer = new CompressingQueryTransformer(model);
    }
    try (ConversationStore store = ConversationStores.fromEnvironment()) {
      RagEngine engine =
          new RagEngine(
              store,
              DefaultRetrievalAugmentor.builder()
                  .queryTransformer(transformer)
                  .contentRetriever(index)
                  .build(),
              answerer);
      Owner owner = Owner.of("roastery", variables.getOrDefault("RAG_USER", "guest"));
      new Program(store, engine, owner, out).run(prompts);
    }
  }

  private static PassageIndex index(
      EmbeddingModel embeddings, Map<String, String> variables, PrintStream out) {
    List<TextSegment> passages = Handbook.passages();
    String url = variables.get("RAG_VECTORS_URL");
    if (url != null && PgVectorStore.isPossible(url)) {
      out.printf("%d passages of the handbook, vectors in pgvector%n", passages.size());
      return PassageIndex.inDatabase(
          embeddings, PgVectorStore.open(url, embeddings.dimension()), passages);
    }
    String why = url == null ? "" : ", as the database has no pgvector";
    out.printf("%d passages of the handbook, vectors in memory%s%n", passages.size(), why);
    return PassageIndex.inMemory(embeddings, passages);
  }

  private void run(boolean prompts) throws IOException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    out.println("Ask about the roastery. /in NAME, /history, /state, /quit");
    out.println();
    while (true) {
      if (prompts) {
        out.print(conversation + "> ");
        out.flush();
      }
      String line = in.readLine();
      if (line == null || line.strip().equals("/quit")) {
        return;
      }
      if (!line.isBlank()) {
        reply(line.strip());
        out.println();
      }
    }
  }

  private void reply(String line) {
    try {
      if (line.startsWith("/in ")) {
        conversation = line.substring("/in ".length()).strip();
        out.println("conversation " + conversation);
      } else if (line.equals("/history")) {
        store.last(owner, conversation, SHOWN).forEach(this::show);
      } else if (line.equals("/state")) {
        StoreState state = store.state();
        out.println("state " + state.mode() + " pending " + state.pending().changes());
      } else if (line.startsWith("/")) {
        out.println("no such command; there are /in NAME, /history, /state, /quit");
      } else {
        engine.ask(owner, conversation, line).stream()
            .filter(message -> message.role() != Role.USER)
            .forEach(this::show);
      }
    } catch (ConversationNotFoundException isNew) {
      out.println("nothing has been asked here");
    } catch (ConversationStoreException | IllegalArgumentException refused) {
      out.println("not stored: " + refused.getMessage());
    }
  }

  private void show(StoredMessage message) {
    out.println((message.role() == Role.USER ? "Q: " : "A: ") + message.text());
    if (message.message().metadata().get(RagEngine.CITATIONS) instanceof List<?> citations) {
      for (Object each : citations) {
        if (each instanceof Map<?, ?> citation) {
          out.println("   [" + citation.get(Handbook.SECTION) + "]");
        }
      }
    }
  }
}
