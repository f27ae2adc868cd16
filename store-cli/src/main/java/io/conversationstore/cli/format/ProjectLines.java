package io.conversationstore.cli.format;

/**
 * The words of the project's own JSON Lines:
 *
 * <pre>
 * {"conversation_store":"export","version":1,"created_at":"…"}
 * {"conversation":{"id":"…","tenant_id":"…","user_id":"…","title":"…",…}}
 * {"message":{"id":"…","role":"user","content":"…","created_at":"…"}}
 * {"preferences":{"tenant_id":"…","user_id":"…","active_conversation":"…"}}
 * {"end":{"conversations":1,"messages":1}}
 * </pre>
 *
 * <p>A message belongs to the conversation before it. A file without the end line is cut off.
 * docs/json.md describes conversations and messages.
 */
final class ProjectLines {

  static final String HEADER = "conversation_store";
  static final String CONVERSATION = "conversation";
  static final String MESSAGE = "message";
  static final String PREFERENCES = "preferences";
  static final String END = "end";
  static final int VERSION = 1;

  private ProjectLines() {}
}
