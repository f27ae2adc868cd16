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
 * What the variables of the environment ask for; {@link ConversationStores} documents them.
 *
 * @param database null for the JSON files alone
 * @param remark what deserves a warning, or null
 * @param importOwner whose the conversations of a file that is taken over become
 * @param copyLimits how much of the database the local copy holds
 */
record Settings(
    @Nullable DatabaseSettings database,
    Path directory,
    @Nullable String remark,
    Owner importOwner,
    CopyLimits copyLimits) {

  private static final String TYPE = "STORAGE_TYPE";
  private static final String CONNECTION_URL = "STORAGE_CONNECTION_URL";
  private static final String DATABASE_URL = "DATABASE_URL";
  private static final String DATA_PATH = "DATA_PATH";
  private static final String IMPORT_TENANT = "IMPORT_TENANT";
  private static final String IMPORT_USER = "IMPORT_USER";
  private static final String COPY_DAYS = "LOCAL_COPY_DAYS";
  private static final String COPY_MB = "LOCAL_COPY_MB";

  /** Reads variables; an empty one counts as not set. */
  static Settings of(Map<String, String> environment) {
    Path directory = directory(environment);
    Owner importOwner =
        new Owner(importName(environment, IMPORT_TENANT), importName(environment, IMPORT_USER));
    CopyLimits limits = copyLimits(environment);
    Boolean wantsDatabase = wantsDatabase(environment);
    if (Boolean.FALSE.equals(wantsDatabase)) {
      if (value(environment, CONNECTION_URL) != null) {
        throw new StoreConfigurationException(
            TYPE + " asks for local files, but " + CONNECTION_URL + " is set; unset one of them");
      }
      return new Settings(null, directory, null, importOwner, limits);
    }
    List<DatabaseSettings> named = databases(environment);
    if (named.isEmpty()) {
      return new Settings(
          null,
          directory,
          Boolean.TRUE.equals(wantsDatabase)
              ? TYPE + " asks for PostgreSQL, but no variable says where it is"
              : null,
          importOwner,
          limits);
    }
    DatabaseSettings first = named.get(0);
    for (DatabaseSettings other : named) {
      if (!first.isSameDatabase(other)) {
        throw new StoreConfigurationException(
            first.source()
                + " and "
                + other.source()
                + " name different databases; unset one of them");
      }
    }
    return new Settings(first, directory, null, importOwner, limits);
  }

  private static Path directory(Map<String, String> environment) {
    String path = value(environment, DATA_PATH);
    try {
      return Path.of(path == null ? "data" : path);
    } catch (InvalidPathException notAPath) {
      throw new StoreConfigurationException(DATA_PATH + " is malformed: it is not a path");
    }
  }

  private static CopyLimits copyLimits(Map<String, String> environment) {
    CopyLimits limits = CopyLimits.NONE;
    int days = number(environment, COPY_DAYS, 36_500);
    if (days > 0) {
      limits = limits.activeWithin(Duration.ofDays(days));
    }
    int megabytes = number(environment, COPY_MB, Integer.MAX_VALUE);
    return megabytes > 0 ? limits.maxBytes(megabytes * 1_000_000L) : limits;
  }

  /** A number from 1 on; 0 where it is not set. */
  private static int number(Map<String, String> environment, String variable, int most) {
    String text = value(environment, variable);
    if (text == null) {
      return 0;
    }
    int number;
    try {
      number = Integer.parseInt(text);
    } catch (NumberFormatException notANumber) {
      throw DatabaseSettings.malformed(variable, "it is not a whole number");
    }
    if (number < 1 || number > most) {
      throw DatabaseSettings.malformed(variable, "it must be 1 to " + most);
    }
    return number;
  }

  private static String importName(Map<String, String> environment, String variable) {
    String name = value(environment, variable);
    if (name == null) {
      return "default";
    }
    if (name.length() > Owner.MAX_ID_LENGTH) {
      throw DatabaseSettings.malformed(variable, "it must have at most 255 characters");
    }
    return name;
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

  /** The databases that are named, in the order of precedence. */
  private static List<DatabaseSettings> databases(Map<String, String> environment) {
    List<DatabaseSettings> named = new ArrayList<>();
    for (String variable : List.of(CONNECTION_URL, DATABASE_URL)) {
      String url = value(environment, variable);
      if (url != null) {
        named.add(DatabaseSettings.ofUrl(variable, url));
      }
    }
    for (DatabaseSettings group :
        new @Nullable DatabaseSettings[] {
          group(environment, "DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD"),
          group(
              environment,
              "POSTGRES_HOST",
              "POSTGRES_PORT",
              "POSTGRES_DB",
              "POSTGRES_USER",
              "POSTGRES_PASSWORD")
        }) {
      if (group != null) {
        named.add(group);
      }
    }
    return named;
  }

  private static @Nullable DatabaseSettings group(
      Map<String, String> environment,
      String host,
      String port,
      String name,
      String user,
      String password) {
    String server = value(environment, host);
    if (server == null) {
      for (String other : List.of(port, name, user, password)) {
        if (value(environment, other) != null) {
          throw new StoreConfigurationException(
              other + " is set, but " + host + " is not; set it, or unset " + other);
        }
      }
      return null;
    }
    String database = value(environment, name);
    if (database == null) {
      throw new StoreConfigurationException(host + " is set, but " + name + " is not");
    }
    return new DatabaseSettings(
        server,
        DatabaseSettings.port(port, value(environment, port)),
        database,
        value(environment, user),
        environment.get(password), // as it is: a blank may be part of it
        Map.of(),
        host);
  }

  private static @Nullable String value(Map<String, String> environment, String name) {
    String value = environment.get(name);
    return value == null || value.isBlank() ? null : value.strip();
  }
}
