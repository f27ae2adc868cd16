package io.conversationstore.examples.chat.web;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.Cursor;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.json.Json;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.util.Iterator;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A request of an owner: its parameters, checked, and the ways to answer it. */
final class Call {

  private static final String JSON = "application/json";
  private static final int LONGEST_KEY = 255;

  private final Context context;
  private final Owner owner;
  private final int maxBodyBytes;

  Call(Context context, Owner owner, int maxBodyBytes) {
    this.context = context;
    this.owner = owner;
    this.maxBodyBytes = maxBodyBytes;
  }

  Context context() {
    return context;
  }

  Owner owner() {
    return owner;
  }

  // Parameters

  /** The conversation that the path names. */
  String conversation() {
    return context.pathParam("id");
  }

  /** The message that the path names. */
  UUID message() {
    return uuid("message", context.pathParam("message"));
  }

  static UUID uuid(String name, String value) {
    try {
      return UUID.fromString(value);
    } catch (IllegalArgumentException malformed) {
      throw Problem.invalid(name + " must be a UUID.");
    }
  }

  @Nullable String query(String name) {
    String value = context.queryParam(name);
    return value == null || value.isEmpty() ? null : value;
  }

  @Nullable Boolean flag(String name) {
    String value = query(name);
    if (value == null || value.equals("true") || value.equals("false")) {
      return value == null ? null : Boolean.valueOf(value);
    }
    throw Problem.invalid(name + " must be true or false.");
  }

  int limit(int byDefault) {
    String value = query("limit");
    try {
      int limit = value == null ? byDefault : Integer.parseInt(value);
      if (limit >= 1 && limit <= Page.MAX_LIMIT) {
        return limit;
      }
    } catch (NumberFormatException notANumber) {
      throw Problem.invalid("limit must be a whole number.");
    }
    throw Problem.invalid("limit must be from 1 to " + Page.MAX_LIMIT + ".");
  }

  @Nullable Cursor cursor() {
    String value = query("cursor");
    return value == null ? null : new Cursor(value);
  }

  /** The idempotency key, or null. */
  @Nullable String key() {
    String key = context.header("Idempotency-Key");
    if (key != null && (key.isBlank() || key.length() > LONGEST_KEY)) {
      throw Problem.invalid("Idempotency-Key must have 1 to " + LONGEST_KEY + " characters.");
    }
    return key;
  }

  /**
   * The body, an object with no other fields than these. Not more than one byte beyond the limit is
   * read.
   */
  JsonNode body(Set<String> fields) {
    String type = context.contentType();
    if (type == null || !type.toLowerCase(java.util.Locale.ROOT).startsWith(JSON)) {
      throw new Problem(415, "unsupported-media-type", "Content-Type must be " + JSON + ".");
    }
    byte[] bytes = read();
    JsonNode body;
    try {
      Json.requireReadable(bytes);
      body = Json.parse(bytes, 0, bytes.length);
    } catch (IllegalArgumentException notJson) {
      throw Problem.invalid("The body is not valid JSON.");
    }
    if (!body.isObject()) {
      throw Problem.invalid("The body must be a JSON object.");
    }
    for (Iterator<String> names = body.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!fields.contains(name)) {
        throw Problem.invalid(
            "The body has a field that this request does not know; it knows "
                + sorted(fields)
                + ".");
      }
    }
    return body;
  }

  private static String sorted(Set<String> fields) {
    return String.join(", ", new java.util.TreeSet<>(fields));
  }

  private byte[] read() {
    if (context.req().getContentLengthLong() > maxBodyBytes) {
      throw tooLarge();
    }
    try (InputStream in = context.req().getInputStream()) {
      byte[] bytes = in.readNBytes(maxBodyBytes + 1);
      if (bytes.length > maxBodyBytes) {
        throw tooLarge();
      }
      return bytes;
    } catch (IOException brokeOff) {
      throw Problem.invalid("The body broke off.");
    }
  }

  private Problem tooLarge() {
    // The rest is not read: this connection ends here.
    context.header("Connection", "close");
    return new Problem(
        413, "body-too-large", "The body is larger than " + maxBodyBytes + " bytes.");
  }

  // Conditions

  /** Refuses if the request has an If-Match without this tag. */
  void requireMatch(String tag) {
    String condition = context.header("If-Match");
    if (condition != null && !names(condition, tag)) {
      throw new Problem(
          412,
          "changed-meanwhile",
          "If-Match names another state than the present one. Read again, and decide again.");
    }
  }

  /** Whether the client has this state already. */
  boolean hasAlready(String tag) {
    String condition = context.header("If-None-Match");
    return condition != null && names(condition, tag);
  }

  private static boolean names(String condition, String tag) {
    for (String each : condition.split(",")) {
      if (each.strip().equals("*") || each.strip().equals(tag)) {
        return true;
      }
    }
    return false;
  }

  // Answers

  void answer(int status, Json.Writer body) {
    context.status(status).contentType(JSON).result(Json.bytes(body));
  }

  void answerTagged(int status, String tag, Json.Writer body) {
    context.header("ETag", tag);
    answer(status, body);
  }

  void nothing(int status) {
    context.status(status);
  }
}
