package io.conversationstore.cli.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ContentPart;
import io.conversationstore.Message;
import io.conversationstore.Owner;
import io.conversationstore.Role;
import io.conversationstore.ToolCall;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * Files of the shapes that programs write, made by hand, a broken one of each format among them.
 */
class ReadersTest {

  private static final String UUID_1 = "0f8fad5b-d9cb-469f-a165-70867728950e";
  private static final String UUID_2 = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
  private static final String UUID_3 = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

  // Chat messages

  @Test
  void chatLinesKeepToolCallsToTheByte() throws IOException {
    Recorded read =
        Recorded.read(
            "chat.jsonl",
            """
            {"conversation_id":"c1","title":"Tea","messages":[{"role":"user","content":"tea"},\
            {"role":"assistant","content":null,"tool_calls":[{"id":"call_0","type":"function",\
            "function":{"name":"menu","arguments":"{\\"q\\" :  \\"tea\\"}"}}]},\
            {"role":"tool","tool_call_id":"call_0","name":"menu","content":"[]"}]}
            {"conversation_id":"c2","messages":[{"role":"developer","content":"be brief"}]}
            """);
    assertThat(read.format).isEqualTo(ImportFormat.CHAT);
    assertThat(read.bad).isEmpty();
    assertThat(read.headers.get("c1").conversation().title()).isEqualTo("Tea");
    assertThat(read.of("c1").get(1).toolCalls())
        .containsExactly(ToolCall.function("call_0", "menu", "{\"q\" :  \"tea\"}"));
    assertThat(read.of("c1").get(2).toolCallId()).isEqualTo("call_0");
    assertThat(read.texts("c2")).containsExactly("system: be brief");
  }

  @Test
  void chatConversationsWithoutIdsGetTheSameOnesAtEachImport() throws IOException {
    String line = "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}\n";
    Recorded first = Recorded.read("a.jsonl", line + line);
    Recorded again = Recorded.read("b.jsonl", line + line);
    assertThat(first.headers).hasSize(2);
    assertThat(again.headers.keySet()).isEqualTo(first.headers.keySet());
    assertThat(again.messages).isEqualTo(first.messages);
  }

  @Test
  void chatMessagesOfOtherModelApis() throws IOException {
    Recorded read =
        Recorded.read(
            "chat.json",
            """
            [{"id":"c","messages":[
              {"role":"user","content":[{"type":"text","text":"look"},{"type":"image_url",
                "image_url":{"url":"data:image/png;base64,AAAA"}}]},
              {"role":"assistant","content":[{"type":"text","text":"I look"},
                {"type":"tool_use","id":"t1","name":"look","input":{"x":1}}]},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1",
                "content":"a cat"}]},
              {"role":"assistant","content":"a cat","usage":{"input_tokens":1}}]}]
            """);
    assertThat(read.bad).isEmpty();
    assertThat(read.texts("c"))
        .containsExactly("user: look", "assistant: I look", "tool: a cat", "assistant: a cat");
    assertThat(read.of("c").get(0).content().get(1)).isInstanceOf(ContentPart.Unknown.class);
    assertThat(read.of("c").get(1).toolCalls())
        .containsExactly(ToolCall.function("t1", "look", "{\"x\":1}"));
    assertThat(read.of("c").get(2).toolCallId()).isEqualTo("t1");
    assertThat(read.of("c").get(3).metadata()).containsKey("usage");
  }

  @Test
  void aBrokenLineIsReportedAndTheRestIsRead() throws IOException {
    Recorded read =
        Recorded.read(
            "chat.jsonl",
            """
            {"id":"a","messages":[{"role":"user","content":"1"}]}
            {"id":"b","messages":[{"role":"user","con
            {"id":"c","messages":[{"role":"user","content":"1"},{"role":"wizard","content":"2"}]}

            {"id":"d","messages":[{"role":"user","content":"4"}]}
            """);
    assertThat(read.headers.keySet()).containsExactly("a", "d");
    assertThat(read.bad).hasSize(2);
    assertThat(read.bad.get(0)).startsWith("chat.jsonl, line 2: invalid JSON at column");
    assertThat(read.bad.get(1))
        .isEqualTo(
            "chat.jsonl, line 3, conversation c, message 2: role must be one of system, user,"
                + " assistant, tool");
  }

  // ShareGPT

  @Test
  void shareGptWithSystemAndTools() throws IOException {
    Recorded read =
        Recorded.read(
            "sharegpt.json",
            """
            [{"id":"s1","system":"be kind","conversations":[{"from":"human","value":"2+2"},
              {"from":"function_call","value":"{\\"name\\":\\"add\\",\\"arguments\\":{\\"a\\":2}}"},
              {"from":"observation","value":"4"},{"from":"gpt","value":"four"}]},
             {"conversations":[{"from":"human","value":"hi"},{"from":"gpt","value":"hello"}]}]
            """);
    assertThat(read.format).isEqualTo(ImportFormat.SHAREGPT);
    assertThat(read.bad).isEmpty();
    assertThat(read.texts("s1"))
        .containsExactly(
            "system: be kind", "user: 2+2", "assistant: ", "tool: 4", "assistant: four");
    assertThat(read.of("s1").get(2).toolCalls().get(0).arguments()).isEqualTo("{\"a\":2}");
    assertThat(read.headers).hasSize(2);
  }

  @Test
  void shareGptByLines() throws IOException {
    Recorded read =
        Recorded.read(
            "s.jsonl",
            """
            {"id":"s1","conversations":[{"from":"user","value":"hi"}]}
            {"id":"s2","conversations":[{"from":"chatgpt","value":"hello"}],"source":"web"}
            """);
    assertThat(read.format).isEqualTo(ImportFormat.SHAREGPT);
    assertThat(read.texts("s2")).containsExactly("assistant: hello");
    assertThat(read.headers.get("s2").conversation().metadata()).containsEntry("source", "web");
  }

  @Test
  void aBrokenShareGptTurnLeavesItsConversationOut() throws IOException {
    Recorded read =
        Recorded.read(
            "s.json",
            """
            [{"id":"s1","conversations":[{"from":"human","value":"hi"},{"value":"who?"}]},
             {"id":"s2","conversations":[{"from":"human","value":"hi"}]}]
            """);
    assertThat(read.headers.keySet()).containsExactly("s2");
    assertThat(read.bad)
        .containsExactly("s.json, record 1 at byte 1, conversation s1, message 2: role is missing");
  }

  // conversations.json

  @Test
  void conversationsByTheirIds() throws IOException {
    Recorded read =
        Recorded.read(
            "conversations.json",
            """
            {"c1":{"title":"One","created_at":"2026-01-02T03:04:05Z","messages":[
               {"role":"user","content":"hi","timestamp":1714979289}]},
             "c2":[{"sender":"human","text":"a"},{"sender":"bot","text":"b"}]}
            """);
    assertThat(read.bad).isEmpty();
    assertThat(read.texts("c1")).containsExactly("user: hi");
    assertThat(read.headers.get("c1").createdAt()).isEqualTo("2026-01-02T03:04:05Z");
    assertThat(read.messages.get("c1").get(0).createdAt()).isEqualTo("2024-05-06T07:08:09Z");
    assertThat(read.texts("c2")).containsExactly("user: a", "assistant: b");
  }

  @Test
  void conversationsBelowWordsAndUsers() throws IOException {
    Recorded sessions =
        Recorded.read(
            "s.json",
            """
            {"version":3,"sessions":{"c":{"history":[{"role":"user","parts":[{"text":"hi"}]}]}}}
            """);
    assertThat(sessions.texts("c")).containsExactly("user: hi");
    Recorded users =
        Recorded.read("u.json", "{\"alice\":{\"c\":[{\"role\":\"user\",\"content\":\"hi\"}]}}");
    assertThat(users.texts("alice/c")).containsExactly("user: hi");
  }

  @Test
  void aCutOffDocumentKeepsWhatCameBefore() throws IOException {
    Recorded read =
        Recorded.read(
            "c.json",
            "{\"a\":[{\"role\":\"user\",\"content\":\"hi\"}],\n\"b\":[{\"role\":\"user\",\"con");
    assertThat(read.headers.keySet()).containsExactly("a");
    assertThat(read.bad).hasSize(1);
    assertThat(read.bad.get(0))
        .contains("invalid JSON at line 2")
        .endsWith("the rest of the file was not read");
  }

  // ChatGPT

  private static String node(String id, String parent, String message) {
    return "\""
        + id
        + "\":{\"id\":\""
        + id
        + "\",\"parent\":"
        + (parent == null ? "null" : "\"" + parent + "\"")
        + ",\"children\":[],\"message\":"
        + message
        + "}";
  }

  private static String said(String id, String role, String text) {
    return "{\"id\":\""
        + id
        + "\",\"author\":{\"role\":\""
        + role
        + "\"},\"create_time\":1714979289.5,\"content\":{\"content_type\":\"text\",\"parts\":[\""
        + text
        + "\"]},\"recipient\":\"all\",\"metadata\":{\"model_slug\":\"m-1\"}}";
  }

  @Test
  void chatGptShowsTheCurrentBranchAndReportsOthers() throws IOException {
    Recorded read =
        Recorded.read(
            "conversations.json",
            "[{\"title\":\"Branches\",\"create_time\":1714979289.0,\"mapping\":{"
                + String.join(
                    ",",
                    node("root", null, "null"),
                    node(UUID_1, "root", said(UUID_1, "user", "q")),
                    node(UUID_2, UUID_1, said(UUID_2, "assistant", "old")),
                    node(UUID_3, UUID_1, said(UUID_3, "assistant", "new")))
                + "},\"current_node\":\""
                + UUID_3
                + "\",\"conversation_id\":\"g1\",\"is_archived\":true}]");
    assertThat(read.format).isEqualTo(ImportFormat.CHATGPT);
    assertThat(read.bad).isEmpty();
    assertThat(read.texts("g1")).containsExactly("user: q", "assistant: new");
    assertThat(read.of("g1").get(1).id()).isEqualTo(UUID.fromString(UUID_3));
    assertThat(read.of("g1").get(1).model()).isEqualTo("m-1");
    assertThat(read.messages.get("g1").get(0).createdAt()).isEqualTo("2024-05-06T07:08:09.500Z");
    assertThat(read.headers.get("g1").archived()).isTrue();
    assertThat(read.notes).hasSize(1);
    assertThat(read.notes.get(0)).contains("1 message of other branches left out");
  }

  @Test
  void chatGptCodeIsAToolCallWithItsOutput() throws IOException {
    String call =
        "{\"id\":\"x1\",\"author\":{\"role\":\"assistant\"},\"content\":{\"content_type\":\"code\","
            + "\"text\":\"print(1)\"},\"recipient\":\"python\"}";
    String output =
        "{\"id\":\"x2\",\"author\":{\"role\":\"tool\",\"name\":\"python\"},\"content\":"
            + "{\"content_type\":\"execution_output\",\"text\":\"1\"},\"recipient\":\"all\"}";
    String image =
        "{\"id\":\"x3\",\"author\":{\"role\":\"user\"},\"content\":{\"content_type\":"
            + "\"multimodal_text\",\"parts\":[{\"asset_pointer\":\"file-service://f\"},\"see\"]}}";
    Recorded read =
        Recorded.read(
            "conversations.json",
            "[{\"id\":\"g2\",\"mapping\":{"
                + String.join(
                    ",", node("x1", null, call), node("x2", "x1", output), node("x3", "x2", image))
                + "},\"current_node\":\"x3\"}]");
    assertThat(read.bad).isEmpty();
    List<Message> messages = read.of("g2");
    assertThat(messages.get(0).toolCalls())
        .containsExactly(ToolCall.function("x1", "python", "print(1)"));
    assertThat(messages.get(1).role()).isEqualTo(Role.TOOL);
    assertThat(messages.get(1).toolCallId()).isEqualTo("x1");
    assertThat(messages.get(1).text()).isEqualTo("1");
    assertThat(messages.get(2).content().get(0))
        .isEqualTo(new ContentPart.Unknown(Map.of("asset_pointer", "file-service://f")));
  }

  @Test
  void aBrokenChatGptTreeIsReported() throws IOException {
    Recorded read =
        Recorded.read(
            "conversations.json",
            "[{\"id\":\"circle\",\"mapping\":{"
                + String.join(",", node("a", "b", "null"), node("b", "a", "null"))
                + "},\"current_node\":\"a\"},{\"id\":\"empty\"},{\"id\":\"good\",\"mapping\":{"
                + node("a", null, said("a", "user", "hi"))
                + "},\"current_node\":\"a\"}]");
    assertThat(read.headers.keySet()).containsExactly("good");
    assertThat(read.bad).hasSize(2);
    assertThat(read.bad.get(0)).endsWith("the messages form a circle");
    assertThat(read.bad.get(1)).endsWith("it has no mapping, the tree of its messages");
  }

  // Claude

  @Test
  void claudeWithToolsBetweenTexts() throws IOException {
    Recorded read =
        Recorded.read(
            "conversations.json",
            """
            [{"uuid":"%s","name":"Weather","created_at":"2026-01-02T03:04:05.000006Z",
              "updated_at":"2026-01-02T03:05:00Z","account":{"uuid":"acc"},"chat_messages":[
              {"uuid":"%s","sender":"human","text":"rain?","content":[{"type":"text",
                "text":"rain?","citations":[],"start_timestamp":"2026-01-02T03:04:05Z"}],
                "created_at":"2026-01-02T03:04:05Z","attachments":[{"file_name":"a.txt"}],
                "files":[]},
              {"uuid":"%s","sender":"assistant","text":"No.","content":[
                {"type":"thinking","thinking":"hm"},
                {"type":"tool_use","id":"t1","name":"weather","input":{"city":"Ulm"}},
                {"type":"tool_result","tool_use_id":"t1","name":"weather","is_error":false,
                  "content":[{"type":"text","text":"dry"}]},
                {"type":"text","text":"No."}],"created_at":"2026-01-02T03:04:09Z"}]}]
            """
                .formatted(UUID_1, UUID_2, UUID_3));
    assertThat(read.format).isEqualTo(ImportFormat.CLAUDE);
    assertThat(read.bad).isEmpty();
    assertThat(read.texts(UUID_1))
        .containsExactly("user: rain?", "assistant: ", "tool: dry", "assistant: No.");
    List<Message> messages = read.of(UUID_1);
    assertThat(messages.get(0).content()).containsExactly(new ContentPart.Text("rain?"));
    assertThat(messages.get(0).metadata()).containsKey("attachments").doesNotContainKey("files");
    assertThat(messages.get(1).content()).containsExactly(new ContentPart.Reasoning("hm", null));
    assertThat(messages.get(1).id()).isEqualTo(UUID.fromString(UUID_3));
    assertThat(messages.get(1).toolCalls().get(0).arguments()).isEqualTo("{\"city\":\"Ulm\"}");
    assertThat(messages.get(3).id()).isNotNull().isNotEqualTo(UUID.fromString(UUID_3));
    assertThat(read.headers.get(UUID_1).createdAt()).isEqualTo("2026-01-02T03:04:05.000006Z");
  }

  @Test
  void claudeWithTextAloneAndBranches() throws IOException {
    Recorded read =
        Recorded.read(
            "c.json",
            """
            [{"uuid":"old","name":"","chat_messages":[{"uuid":"1","sender":"human",
               "text":"plain"}]},
             {"uuid":"forked","chat_messages":[
              {"uuid":"1","sender":"human","text":"q","parent_message_uuid":"0"},
              {"uuid":"2","sender":"assistant","text":"first","parent_message_uuid":"1"},
              {"uuid":"3","sender":"assistant","text":"second","parent_message_uuid":"1"}]}]
            """);
    assertThat(read.texts("old")).containsExactly("user: plain");
    assertThat(read.texts("forked")).containsExactly("user: q", "assistant: second");
    assertThat(read.notes).hasSize(1);
  }

  @Test
  void aBrokenClaudeMessageIsReported() throws IOException {
    Recorded read =
        Recorded.read(
            "c.json",
            """
            [{"uuid":"a","chat_messages":[{"uuid":"1","sender":"human","text":"q"},
              {"uuid":"2","text":"nobody said this"}]},
             {"uuid":"b","chat_messages":"none"},
             {"uuid":"c","chat_messages":[{"uuid":"1","sender":"human","text":"q"}]}]
            """);
    assertThat(read.headers.keySet()).containsExactly("c");
    assertThat(read.bad.get(0)).endsWith("conversation a, message 2: sender is missing or unknown");
    assertThat(read.bad.get(1)).endsWith("it has no chat_messages");
  }

  // Open WebUI

  @Test
  void openWebUiShowsTheCurrentBranch() throws IOException {
    Recorded read =
        Recorded.read(
            "chat-export.json",
            """
            [{"id":"w1","user_id":"u","title":"Hi","created_at":1714979289,"updated_at":1714979300,
              "archived":true,"pinned":true,"meta":{"tags":["home"]},
              "chat":{"title":"Hi","models":["llama"],"history":{"currentId":"%3$s","messages":{
                "%1$s":{"id":"%1$s","parentId":null,"childrenIds":["%2$s","%3$s"],"role":"user",
                  "content":"hi","timestamp":1714979289,"models":["llama"]},
                "%2$s":{"id":"%2$s","parentId":"%1$s","childrenIds":[],"role":"assistant",
                  "content":"one","model":"llama","timestamp":1714979290},
                "%3$s":{"id":"%3$s","parentId":"%1$s","childrenIds":[],"role":"assistant",
                  "content":"two","model":"llama","timestamp":1714979291}}},
                "messages":[]}}]
            """
                .formatted(UUID_1, UUID_2, UUID_3));
    assertThat(read.format).isEqualTo(ImportFormat.OPEN_WEBUI);
    assertThat(read.bad).isEmpty();
    assertThat(read.texts("w1")).containsExactly("user: hi", "assistant: two");
    assertThat(read.of("w1").get(1).model()).isEqualTo("llama");
    assertThat(read.headers.get("w1").conversation().tags()).containsExactly("home");
    assertThat(read.headers.get("w1").conversation().pinned()).isTrue();
    assertThat(read.headers.get("w1").archived()).isTrue();
    assertThat(read.headers.get("w1").createdAt()).isEqualTo("2024-05-06T07:08:09Z");
    assertThat(read.notes).hasSize(1);
  }

  @Test
  void openWebUiWithAListOfMessages() throws IOException {
    Recorded read =
        Recorded.read(
            "chat.json",
            """
            {"id":"w2","chat":{"title":"One chat","history":{"currentId":null,"messages":{}},
              "messages":[{"id":"m","role":"user","content":"hi","timestamp":1714979289}]}}
            """);
    assertThat(read.texts("w2")).containsExactly("user: hi");
    assertThat(read.headers.get("w2").conversation().title()).isEqualTo("One chat");
  }

  @Test
  void aBrokenOpenWebUiChatIsReported() throws IOException {
    Recorded read =
        Recorded.read(
            "chats.json",
            """
            [{"id":"w1","chat":{"history":{"currentId":"a","messages":{"a":{"id":"a",
               "parentId":null,"childrenIds":[],"role":7,"content":"x"}}}}},
             {"id":"w2","chat":null},
             {"id":"w3","chat":{"messages":[{"role":"user","content":"hi"}]}}]
            """);
    assertThat(read.headers.keySet()).containsExactly("w3");
    assertThat(read.bad.get(0)).endsWith("conversation w1, message 1: role is missing");
    assertThat(read.bad.get(1)).endsWith("it has no chat with messages");
  }

  // LibreChat

  @Test
  void libreChatWithAList() throws IOException {
    Recorded read =
        Recorded.read(
            "export.json",
            """
            {"conversationId":"%1$s","endpoint":"openAI","title":"Sums","branches":true,
             "recursive":false,"options":{"model":"m"},"messages":[
              {"messageId":"%2$s","parentMessageId":"00000000-0000-0000-0000-000000000000",
               "text":"2+2","sender":"User","isCreatedByUser":true,
               "createdAt":"2026-01-02T03:04:05.123Z"},
              {"messageId":"%3$s","parentMessageId":"%2$s","text":"","sender":"GPT",
               "isCreatedByUser":false,"model":"m","content":[
                {"type":"think","think":"easy"},
                {"type":"tool_call","tool_call":{"id":"t","name":"add","args":"{\\"a\\": 2}",
                  "output":"4"}},
                {"type":"text","text":{"value":"four"}}]}]}
            """
                .formatted(UUID_1, UUID_2, UUID_3));
    assertThat(read.format).isEqualTo(ImportFormat.LIBRECHAT);
    assertThat(read.bad).isEmpty();
    assertThat(read.texts(UUID_1))
        .containsExactly("user: 2+2", "assistant: ", "tool: 4", "assistant: four");
    assertThat(read.of(UUID_1).get(1).toolCalls())
        .containsExactly(ToolCall.function("t", "add", "{\"a\": 2}"));
    assertThat(read.messages.get(UUID_1).get(0).createdAt())
        .isEqualTo(Instant.parse("2026-01-02T03:04:05.123Z"));
  }

  @Test
  void libreChatNestedWithBranches() throws IOException {
    Recorded read =
        Recorded.read(
            "export.json",
            """
            {"conversationId":"l2","recursive":true,"messages":[
              {"messageId":"1","text":"q","isCreatedByUser":true,"children":[
                {"messageId":"2","text":"a","isCreatedByUser":false},
                {"messageId":"3","text":"b","isCreatedByUser":false}]}]}
            """);
    assertThat(read.texts("l2")).containsExactly("user: q", "assistant: b");
    assertThat(read.notes).hasSize(1);
  }

  @Test
  void aBrokenLibreChatMessageIsReported() throws IOException {
    Recorded read =
        Recorded.read(
            "export.json",
            """
            {"conversationId":"l3","messages":[{"messageId":"1","parentMessageId":null,
              "text":"who?"}]}
            """);
    assertThat(read.headers).isEmpty();
    assertThat(read.bad).hasSize(1);
    assertThat(read.bad.get(0)).endsWith("conversation l3, message 1: isCreatedByUser is missing");
  }

  // The project's own

  @Test
  void projectLinesKeepOwnersTimesAndEdits() throws IOException {
    Recorded read =
        Recorded.read(
            "x.jsonl",
            """
            {"conversation_store":"export","version":1,"created_at":"2026-01-01T00:00:00.000000Z"}
            {"conversation":{"id":"c","tenant_id":"acme","user_id":"bob","title":"T","status":\
            "archived","tags":["a"],"pinned":true,"created_at":"2026-01-02T03:04:05.000006Z",\
            "updated_at":"2026-01-03T03:04:05.000006Z"}}
            {"message":{"id":"%s","role":"user","content":"hi","created_at":\
            "2026-01-02T03:04:06.000000Z","edited_at":"2026-01-02T03:04:07.000000Z"}}
            {"preferences":{"tenant_id":"acme","user_id":"bob","active_conversation":"c"}}
            {"end":{"conversations":1,"messages":1}}
            """
                .formatted(UUID_1));
    assertThat(read.bad).isEmpty();
    ConversationHeader header = read.headers.get("c");
    assertThat(header.owner()).isEqualTo(Owner.of("acme", "bob"));
    assertThat(header.archived()).isTrue();
    assertThat(header.updatedAt()).isEqualTo("2026-01-03T03:04:05.000006Z");
    ImportedMessage message = read.messages.get("c").get(0);
    assertThat(message.message().id()).isEqualTo(UUID.fromString(UUID_1));
    assertThat(message.editedAt()).isEqualTo("2026-01-02T03:04:07Z");
    assertThat(read.notes).containsExactly("preferences of bob");
  }

  @Test
  void aBadProjectMessageEndsItsConversationOnly() throws IOException {
    Recorded read =
        Recorded.read(
            "x.jsonl",
            """
            {"conversation_store":"export","version":1}
            {"conversation":{"id":"a"}}
            {"message":{"role":"user","content":"1"}}
            {"message":{"role":"user","content":7}}
            {"message":{"role":"user","content":"3"}}
            {"conversation":{"id":"b"}}
            {"message":{"role":"user","content":"4"}}
            """);
    assertThat(read.abandoned).containsExactly("a");
    assertThat(read.texts("a")).containsExactly("user: 1");
    assertThat(read.texts("b")).containsExactly("user: 4");
    assertThat(read.bad.get(0)).startsWith("x.jsonl, line 4, conversation a, message 2: content");
    assertThat(read.bad.get(1)).contains("the file has no end line");
  }

  @Test
  void projectLinesOfANewerVersionAreRefused() throws IOException {
    Recorded read =
        Recorded.read(
            "x.jsonl",
            """
            {"conversation_store":"export","version":2}
            {"conversation":{"id":"a"}}
            """);
    assertThat(read.headers).isEmpty();
    assertThat(read.bad).hasSize(1);
    assertThat(read.bad.get(0)).contains("version 2").contains("use a newer program");
  }

  @Test
  void textIsNotAFileOfConversations() {
    assertThatThrownBy(() -> Recorded.read("notes.txt", "hello"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("notes.txt is not a file of conversations");
  }
}
