package io.conversationstore.cli.format;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * A JSON value of a file that holds one conversation, or a group of them.
 *
 * @param path the keys above it that may name it
 * @param json the value
 * @param place where it begins
 */
record SourceRecord(List<String> path, JsonNode json, Place place) {

  SourceRecord {
    path = List.copyOf(path);
  }
}
