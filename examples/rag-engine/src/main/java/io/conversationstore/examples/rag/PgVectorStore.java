package io.conversationstore.examples.rag;

import dev.langchain4j.data.document.Metadata;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.store.embedding.EmbeddingMatch;
import dev.langchain4j.store.embedding.EmbeddingSearchRequest;
import dev.langchain4j.store.embedding.EmbeddingSearchResult;
import dev.langchain4j.store.embedding.EmbeddingStore;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Passages and their vectors in the table {@code rag_passages} of a database with the extension
 * pgvector. Each call uses a connection of its own: there are few. Thread-safe.
 */
final class PgVectorStore implements EmbeddingStore<TextSegment> {

  /** An error of the database. */
  static final class VectorDatabaseException extends RuntimeException {
    private static final long serialVersionUID = 1;

    VectorDatabaseException(SQLException cause) {
      super("the database of the vectors failed with SQLSTATE " + cause.getSQLState(), cause);
    }
  }

  private final String url;

  private PgVectorStore(String url) {
    this.url = url;
  }

  /** Whether the database at a JDBC URL has pgvector, installed or ready to be installed. */
  static boolean isPossible(String url) {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'")) {
      return rows.next();
    } catch (SQLException e) {
      throw new VectorDatabaseException(e);
    }
  }

  /** Opens the store, and creates its extension and its table if they are not there. */
  static PgVectorStore open(String url, int dimension) {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE EXTENSION IF NOT EXISTS vector");
      statement.execute(
          """
          CREATE TABLE IF NOT EXISTS rag_passages (
            id uuid PRIMARY KEY,
            embedding vector(%d) NOT NULL,
            source text NOT NULL,
            section text NOT NULL,
            passage text NOT NULL)"""
              .formatted(dimension));
      return new PgVectorStore(url);
    } catch (SQLException e) {
      throw new VectorDatabaseException(e);
    }
  }

  /** Whether the table has exactly these passages. */
  boolean holds(List<TextSegment> passages) {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT source, section, passage FROM rag_passages")) {
      List<TextSegment> there = new ArrayList<>();
      while (rows.next()) {
        there.add(segment(rows));
      }
      return there.size() == passages.size() && there.containsAll(passages);
    } catch (SQLException e) {
      throw new VectorDatabaseException(e);
    }
  }

  /** Replaces the contents of the table, all or nothing. */
  void replaceAll(List<Embedding> embeddings, List<TextSegment> passages) {
    try (Connection connection = DriverManager.getConnection(url)) {
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.execute("DELETE FROM rag_passages");
      }
      insert(connection, generateIds(passages.size()), embeddings, passages);
      connection.commit();
    } catch (SQLException e) {
      throw new VectorDatabaseException(e);
    }
  }

  private static void insert(
      Connection connection,
      List<String> ids,
      List<Embedding> embeddings,
      List<TextSegment> passages)
      throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO rag_passages (id, embedding, source, section, passage)"
                + " VALUES (?, ?::vector, ?, ?, ?)")) {
      for (int i = 0; i < passages.size(); i++) {
        TextSegment passage = passages.get(i);
        insert.setObject(1, UUID.fromString(ids.get(i)));
        insert.setString(2, text(embeddings.get(i)));
        insert.setString(3, passage.metadata().getString(Handbook.SOURCE));
        insert.setString(4, passage.metadata().getString(Handbook.SECTION));
        insert.setString(5, passage.text());
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  /** The text form of pgvector: {@code [1.0, 2.0]}. */
  private static String text(Embedding embedding) {
    return Arrays.toString(embedding.vector());
  }

  private static TextSegment segment(ResultSet row) throws SQLException {
    return TextSegment.from(
        row.getString("passage"),
        new Metadata(
            Map.of(
                Handbook.SOURCE, row.getString("source"),
                Handbook.SECTION, row.getString("section"))));
  }

  @Override
  public EmbeddingSearchResult<TextSegment> search(EmbeddingSearchRequest request) {
    String wanted = text(request.queryEmbedding());
    List<EmbeddingMatch<TextSegment>> matches = new ArrayList<>();
    try (Connection connection = DriverManager.getConnection(url);
        PreparedStatement select =
            connection.prepareStatement(
                """
                SELECT id, source, section, passage, 1 - (embedding <=> ?::vector) / 2 AS relevance
                FROM rag_passages
                ORDER BY embedding <=> ?::vector
                LIMIT ?""")) {
      select.setString(1, wanted);
      select.setString(2, wanted);
      select.setInt(3, request.maxResults());
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          double relevance = rows.getDouble("relevance");
          if (relevance >= request.minScore()) {
            matches.add(
                new EmbeddingMatch<>(
                    relevance, rows.getString("id"), request.queryEmbedding(), segment(rows)));
          }
        }
      }
      return new EmbeddingSearchResult<>(matches);
    } catch (SQLException e) {
      throw new VectorDatabaseException(e);
    }
  }

  @Override
  public void addAll(List<String> ids, List<Embedding> embeddings, List<TextSegment> passages) {
    try (Connection connection = DriverManager.getConnection(url)) {
      insert(connection, ids, embeddings, passages);
    } catch (SQLException e) {
      throw new VectorDatabaseException(e);
    }
  }

  @Override
  public String add(Embedding embedding, TextSegment passage) {
    String id = UUID.randomUUID().toString();
    addAll(List.of(id), List.of(embedding), List.of(passage));
    return id;
  }

  @Override
  public String add(Embedding embedding) {
    throw new UnsupportedOperationException("a vector without its passage answers no question");
  }

  @Override
  public void add(String id, Embedding embedding) {
    add(embedding);
  }

  @Override
  public List<String> addAll(List<Embedding> embeddings) {
    return embeddings.stream().map(this::add).toList();
  }
}
