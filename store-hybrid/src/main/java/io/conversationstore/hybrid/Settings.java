package io.conversationstore.hybrid;

import io.conversationstore.CopyLimits;
import io.conversationstore.Owner;
import io.conversationstore.StoreConfigurationException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The settings from the environment variables; {@link ConversationStores} documents them.
 *
 * @param database null for the JSON files alone
 * @param remark a reason for a warning, or null
 * @param importOwner owner of the conversations imported from a file
 * @param copyLimits how much of the database the local copy holds
 * @param localData handling of a directory that was filled without a database
 * @param notes lines for the log: variables set but unused; no values
 */
record Settings(
    @Nullable DatabaseSettings database,
    Path directory,
    @Nullable String remark,
    Owner importOwner,
    CopyLimits copyLimits,
    LocalData localData,
    List<String> notes) {

  private static final String TYPE = "STORAGE_TYPE";
  private static final String CONNECTION_URL = "STORAGE_CONNECTION_URL";
  private static final String DATABASE_URL = "DATABASE_URL";
  private static final String DATA_PATH = "DATA_PATH";
  private static final String IMPORT_TENANT = "IMPORT_TENANT";
  private static final String IMPORT_USER = "IMPORT_USER";

  private static final List<Group> GROUPS =
      List.of(
          new Group("DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD"),
          new Group(
              "POSTGRES_HOST",
              "POSTGRES_PORT",
              "POSTGRES_DB",
              "POSTGRES_USER",
              "POSTGRES_PASSWORD"));

  Settings {
    notes = List.copyOf(notes);
  }

  /** Reads variables; an empty one counts as not set. */
  static Settings of(Map<String, String> environment) {
    Path directory = directory(environment);
    Owner importOwner =
        new Owner(importName(environment, IMPORT_TENANT), importName(environment, IMPORT_USER));
    VariableReader variables = new VariableReader(environment);
    List<String> notes = new ArrayList<>();
    Boolean wantsDatabase = wantsDatabase(environment);
    if (Boolean.FALSE.equals(wantsDatabase)) {
      for (String variable : List.of(CONNECTION_URL, DATABASE_URL)) {
        if (value(environment, variable) != null) {
          notes.add(variable + " is ignored: " + TYPE + " selects local files");
        }
      }
      return new Settings(
          null, directory, null, importOwner, CopyLimits.DEFAULT, localData(variables), notes);
    }
    CopyLimits limits = copyLimits(variables);
    DatabaseSettings database = database(environment, notes);
    String remark =
        database == null && Boolean.TRUE.equals(wantsDatabase)
            ? TYPE + " selects PostgreSQL, but no variable names a database"
            : null;
    return new Settings(
        database, directory, remark, importOwner, limits, localData(variables), notes);
  }

  private static Path directory(Map<String, String> environment) {
    String path = value(environment, DATA_PATH);
    try {
      return Path.of(path == null ? "data" : path);
    } catch (InvalidPathException notAPath) {
      throw new StoreConfigurationException(DATA_PATH + " is invalid: it is not a path");
    }
  }

  private static LocalData localData(VariableReader variables) {
    String word = variables.word(Variable.LOCAL_DATA, List.of("adopt", "refuse"));
    return "refuse".equals(word) ? LocalData.REFUSE : LocalData.ADOPT;
  }

  private static CopyLimits copyLimits(VariableReader variables) {
    CopyLimits limits = CopyLimits.DEFAULT;
    int days = variables.number(Variable.LOCAL_COPY_DAYS, 1, 36_500, 0);
    if (days > 0) {
      limits = limits.withActiveWithin(Duration.ofDays(days));
    }
    return limits.withMaxBytes(
        variables.megabytesOrAll(Variable.LOCAL_COPY_MB, 1, Integer.MAX_VALUE, limits.maxBytes()));
  }

  private static String importName(Map<String, String> environment, String variable) {
    String name = value(environment, variable);
    if (name == null) {
      return "default";
    }
    try {
      return Owner.of(name, name).userId();
    } catch (IllegalArgumentException notAName) {
      throw DatabaseSettings.malformed(
          variable, "it must have 1 to 255 characters, without U+0000 and lone surrogates");
    }
  }

  private static @Nullable Boolean wantsDatabase(Map<String, String> environment) {
    String type = value(environment, TYPE);
    if (type == null) {
      return null;
    }
    return switch (type.toLowerCase(Locale.ROOT)) {
      case "postgres", "postgresql", "hybrid" -> true;
      case "jsonfile", "json", "file", "local" -> false;
      default -> throw DatabaseSettings.malformed(TYPE, "it must be postgres or jsonfile");
    };
  }

  /**
   * The named database of the highest precedence. Lower ones must name the same database, or be
   * incomplete.
   */
  private static @Nullable DatabaseSettings database(
      Map<String, String> environment, List<String> notes) {
    DatabaseSettings first = null;
    for (String variable : List.of(CONNECTION_URL, DATABASE_URL)) {
      String url = value(environment, variable);
      if (url != null && first != null && DatabaseSettings.isForeign(url)) {
        notes.add(
            variable
                + " is ignored: it does not name a PostgreSQL database, and "
                + first.source()
                + " does");
      } else if (url != null) {
        first = same(first, DatabaseSettings.ofUrl(variable, url, notes::add));
      }
    }
    for (Group group : GROUPS) {
      String missing = group.missing(environment);
      if (missing == null) {
        if (value(environment, group.host) != null) {
          first = same(first, group.settings(environment));
        }
      } else if (first == null) {
        throw new StoreConfigurationException(
            missing
                + "; set it, unset the others, or set "
                + TYPE
                + "=jsonfile to use local files alone");
      } else {
        notes.add(
            group.host
                + " and its group are ignored: "
                + missing
                + ", and "
                + first.source()
                + " names the database");
      }
    }
    return first;
  }

  private static DatabaseSettings same(@Nullable DatabaseSettings first, DatabaseSettings other) {
    if (first == null) {
      return other;
    }
    if (!first.isSameDatabase(other)) {
      throw new StoreConfigurationException(
          first.source()
              + " and "
              + other.source()
              + " name different databases; unset one of them");
    }
    return first;
  }

  /** Variables that name a database in parts. */
  private record Group(String host, String port, String name, String user, String password) {

    /** The missing variable of an incomplete group; null if none. */
    @Nullable String missing(Map<String, String> environment) {
      if (value(environment, host) != null) {
        return value(environment, name) != null ? null : host + " is set, but " + name + " is not";
      }
      for (String other : List.of(port, name, user, password)) {
        String set = value(environment, other);
        boolean ofKubernetes = other.equals(port) && DatabaseSettings.isServicePort(set);
        if (set != null && !ofKubernetes) {
          return other + " is set, but " + host + " is not";
        }
      }
      return null;
    }

    DatabaseSettings settings(Map<String, String> environment) {
      return new DatabaseSettings(
          DatabaseSettings.host(host, String.valueOf(value(environment, host))),
          DatabaseSettings.port(port, value(environment, port)),
          String.valueOf(value(environment, name)),
          value(environment, user),
          environment.get(password), // unchanged: blanks may be part of it
          Map.of(),
          host);
    }
  }

  /** The value of a variable, which must be in {@link Variable}; null if not set. */
  private static @Nullable String value(Map<String, String> environment, String name) {
    return value(environment, Variable.valueOf(name));
  }

  /** The value of a variable; null if not set. */
  private static @Nullable String value(Map<String, String> environment, Variable variable) {
    return new VariableReader(environment).text(variable);
  }
}
