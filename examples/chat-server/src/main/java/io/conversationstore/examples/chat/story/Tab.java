package io.conversationstore.examples.chat.story;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A tab of a browser. */
final class Tab {

  private static final int MOST_KEYS = 100;

  /** Modifier of a key. */
  static final int ALT = 1;

  /** Notes when the first conversation is drawn, in milliseconds from the begin of the page. */
  private static final String LIST_SHOWN =
      """
      new MutationObserver((changes, observer) => {
        if (document.querySelector('#list a')) {
          window.listShown = performance.now();
          observer.disconnect();
        }
      }).observe(document, {childList: true, subtree: true});
      """;

  private static final Set<String> NAMED =
      Set.of("button", "link", "textbox", "searchbox", "checkbox", "combobox");

  private final Browser browser;
  private final String session;

  Tab(Browser browser, String session) {
    this.browser = browser;
    this.session = session;
  }

  void begin(String url) throws Exception {
    for (String domain : List.of("Page", "Runtime", "Log", "Accessibility")) {
      call(domain + ".enable", Map.of());
    }
    call("Page.addScriptToEvaluateOnNewDocument", Map.of("source", LIST_SHOWN));
    call("Page.navigate", Map.of("url", url));
    await("the page is ready", "document.querySelector('#state')?.dataset.mode !== undefined");
  }

  private JsonNode call(String method, Map<String, Object> parameters) throws Exception {
    return browser.call(session, method, parameters);
  }

  /** The value of an expression. */
  JsonNode value(String expression) throws Exception {
    JsonNode answer =
        call("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true));
    if (answer.has("exceptionDetails")) {
      throw new IOException(answer.at("/exceptionDetails/exception/description").asText());
    }
    return answer.at("/result/value");
  }

  /** What axe-core calls serious or critical about the page as it is now: rules and elements. */
  List<String> hindrances() throws Exception {
    if (!is("window.axe")) {
      call("Runtime.evaluate", Map.of("expression", axe()));
    }
    call(
        "Runtime.evaluate",
        Map.of(
            "expression",
            "window.found = null; axe.run().then((found) => { window.found = found; })",
            "awaitPromise",
            true));
    List<String> serious = new ArrayList<>();
    for (JsonNode violation : value("window.found.violations")) {
      String impact = violation.path("impact").asText();
      if (impact.equals("serious") || impact.equals("critical")) {
        for (JsonNode node : violation.get("nodes")) {
          serious.add(violation.get("id").asText() + " at " + node.get("target"));
        }
      }
    }
    return serious;
  }

  /** How many rules of axe-core the page has kept. */
  int keptRules() throws Exception {
    return value("window.found.passes.length").asInt();
  }

  private static String axe() throws IOException {
    try (InputStream in = Tab.class.getResourceAsStream("/axe.min.js")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  boolean is(String expression) throws Exception {
    return value("Boolean(" + expression + ")").asBoolean();
  }

  void await(String what, String expression) throws Exception {
    try {
      Wait.until(what, () -> is(expression));
    } catch (IllegalStateException inVain) {
      String notice = value("document.querySelector('#notice')?.textContent").asText();
      throw new IllegalStateException(inVain.getMessage() + "; the page says: " + notice, inVain);
    }
  }

  /** Types a text where the focus is. */
  void type(String text) throws Exception {
    call("Input.insertText", Map.of("text", text));
  }

  /** Presses a key; {@code text} is what it types, or empty. */
  void press(String key, String code, int keyCode, int modifiers, String text) throws Exception {
    for (String type : List.of("keyDown", "keyUp")) {
      call(
          "Input.dispatchKeyEvent",
          Map.of(
              "type", type,
              "key", key,
              "code", code,
              "windowsVirtualKeyCode", keyCode,
              "modifiers", modifiers,
              "text", type.equals("keyDown") ? text : ""));
    }
  }

  void enter() throws Exception {
    press("Enter", "Enter", 13, 0, "\r");
  }

  /** Goes on to the next element with a selector, as the Tab key does. */
  void goTo(String selector) throws Exception {
    for (int keys = 0; keys < MOST_KEYS; keys++) {
      press("Tab", "Tab", 9, 0, "");
      if (is("document.activeElement.matches('" + selector + "')")) {
        return;
      }
    }
    throw new IllegalStateException("the Tab key does not lead to " + selector);
  }

  void size(int width, int height, boolean phone) throws Exception {
    call(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", phone));
  }

  void dark(boolean dark) throws Exception {
    call(
        "Emulation.setEmulatedMedia",
        Map.of(
            "features",
            List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
  }

  void reload() throws Exception {
    call("Page.reload", Map.of());
    await("the page is ready", "document.querySelector('#state')?.dataset.mode !== undefined");
  }

  void screenshot(Path file) throws Exception {
    // A tab that nobody sees is not drawn.
    call("Page.bringToFront", Map.of());
    JsonNode png = call("Page.captureScreenshot", Map.of("format", "png"));
    Files.createDirectories(file.getParent());
    Files.write(file, Base64.getDecoder().decode(png.get("data").asText()));
  }

  /** Roles of controls that a screen reader could not name. */
  List<String> withoutName() throws Exception {
    List<String> found = new ArrayList<>();
    for (JsonNode node : call("Accessibility.getFullAXTree", Map.of()).get("nodes")) {
      String role = node.at("/role/value").asText();
      if (!node.path("ignored").asBoolean()
          && NAMED.contains(role)
          && node.at("/name/value").asText("").isBlank()) {
        found.add(role);
      }
    }
    return found;
  }
}
