package io.conversationstore.cli.format;

import io.conversationstore.Message;
import io.conversationstore.Owner;
import io.conversationstore.Preferences;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a reader hands out. */
final class Recorded implements ImportHandler {

  final Map<String, ConversationHeader> headers = new LinkedHashMap<>();
  final Map<String, List<ImportedMessage>> messages = new LinkedHashMap<>();
  final List<String> bad = new ArrayList<>();
  final List<String> notes = new ArrayList<>();
  final List<String> abandoned = new ArrayList<>();
  ImportFormat format = ImportFormat.PROJECT;
  private String open = "";

  /** Reads a text in the format that is detected. */
  static Recorded read(String name, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    FormatDetector.Detected detected = FormatDetector.detect(name, bytes);
    Recorded recorded = new Recorded();
    recorded.format = detected.format();
    detected
        .format()
        .reader(detected.shape())
        .read(name, new ByteArrayInputStream(bytes), recorded);
    return recorded;
  }

  List<Message> of(String id) {
    return messages.get(id).stream().map(ImportedMessage::message).toList();
  }

  List<String> texts(String id) {
    return of(id).stream()
        .map(message -> message.role().wireName() + ": " + message.text())
        .toList();
  }

  @Override
  public void begin(ConversationHeader header, Place place) {
    open = header.id();
    headers.put(open, header);
    messages.put(open, new ArrayList<>());
  }

  @Override
  public void message(ImportedMessage message, Place place) {
    messages.get(open).add(message);
  }

  @Override
  public void end() {
    open = "";
  }

  @Override
  public void abandon() {
    abandoned.add(open);
    open = "";
  }

  @Override
  public void preferences(Owner owner, Preferences preferences) {
    notes.add("preferences of " + owner.userId());
  }

  @Override
  public void bad(Place place, String reason) {
    bad.add(place + ": " + reason);
  }

  @Override
  public void note(Place place, String note) {
    notes.add(place + ": " + note);
  }
}
