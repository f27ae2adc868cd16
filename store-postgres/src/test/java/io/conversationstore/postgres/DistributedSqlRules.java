package io.conversationstore.postgres;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Rules for SQL that an engine can run whose tables are distributed by tenant, as found with Citus
 * 13.2. They work on the text of statements and of function bodies: the words of each statement are
 * compared, comments and constants are left out.
 */
final class DistributedSqlRules {

  /** What a rule forbids. */
  enum Rule {
    SUBQUERY_IN_INSERT,
    SLICE_OR_INLINED_FUNCTION_IN_UPDATE,
    VOLATILE_FUNCTION_IN_UPDATE,
    MODIFYING_CTE,
    LOCK_OVER_TENANTS,
    ROW_TYPE_IN_UNION,
    SUBQUERY_IN_TARGET_LIST,
    TEXT_CAST_TO_ARRAY_ARGUMENT,
    DELETE_USING,
    FUNCTION_IN_DO_UPDATE,
    NO_TENANT
  }

  private static final Set<String> DATA =
      Set.of(
          "owners",
          "owner_erasures",
          "taken_over",
          "conversations",
          "messages",
          "user_preferences");

  private static final Pattern IGNORED =
      Pattern.compile("--[^\\n]*|/\\*.*?\\*/|'(?:[^']|'')*'", Pattern.DOTALL);

  private static final Pattern WORD =
      Pattern.compile("[a-z_][a-z0-9_$]*|\"[^\"]*\"|\\$|[0-9.]+|::|<>|<=|>=|:=|.", Pattern.DOTALL);

  /** Words after which the next statement of PL/pgSQL begins, like after a semicolon. */
  private static final Set<String> BREAKS = Set.of("begin", "then", "else", "elsif", "loop", "$$");

  /** Words that may stand after a table in place of an alias. */
  private static final Set<String> NO_ALIAS =
      Set.of(
          "where",
          "set",
          "join",
          "left",
          "cross",
          "on",
          "order",
          "group",
          "limit",
          "for",
          "using",
          "union",
          "returning",
          "default",
          "values",
          "as");

  private final Map<String, String> volatility;
  private final Map<String, String> languages;

  /**
   * @param volatility for the name of a function: i, s or v, the highest of those of that name
   * @param languages for the name of a function of the schema, its language
   */
  DistributedSqlRules(Map<String, String> volatility, Map<String, String> languages) {
    this.volatility = Map.copyOf(volatility);
    this.languages = Map.copyOf(languages);
  }

  /**
   * The rules that a text breaks.
   *
   * @param acrossTenants whether its reads without locks may concern all tenants
   */
  Set<Rule> broken(String text, boolean acrossTenants) {
    Set<Rule> broken = new TreeSet<>();
    for (List<String> statement : statements(text)) {
      check(statement, acrossTenants, broken);
    }
    return broken;
  }

  private void check(List<String> words, boolean acrossTenants, Set<Rule> broken) {
    for (int i = 0; i < words.size(); i++) {
      switch (words.get(i)) {
        case "insert" -> checkInsert(words.subList(i, words.size()), broken);
        case "update" -> {
          if (i > 0 && words.get(i - 1).equals("do")) {
            if (functions(words.subList(i, words.size())).stream().anyMatch(f -> !isImmutable(f))) {
              broken.add(Rule.FUNCTION_IN_DO_UPDATE);
            }
          } else if (i == 0 || !words.get(i - 1).equals("for")) {
            checkUpdate(words.subList(i, closing(words, i)), broken);
          }
        }
        case "delete" -> {
          if (words.subList(i, closing(words, i)).contains("using")) {
            broken.add(Rule.DELETE_USING);
          }
        }
        default -> {}
      }
      boolean begins = i > 1 && words.get(i - 1).equals("(");
      if (begins
          && Set.of("as", "materialized").contains(words.get(i - 2))
          && Set.of("insert", "update", "delete").contains(words.get(i))) {
        broken.add(Rule.MODIFYING_CTE);
      }
    }
    if (words.contains("union") && hasRowType(words)) {
      broken.add(Rule.ROW_TYPE_IN_UNION);
    }
    if (castsArgument(words)) {
      broken.add(Rule.TEXT_CAST_TO_ARRAY_ARGUMENT);
    }
    checkTenants(words, acrossTenants, broken);
    checkTargetLists(words, broken);
  }

  private static void checkInsert(List<String> words, Set<Rule> broken) {
    int end = words.indexOf("on") < 0 ? closing(words, 0) : words.indexOf("on");
    List<String> insert = words.subList(0, end);
    boolean subquery = insert.contains("values") && insert.contains("select");
    if (subquery || !aliases(insert, 0, insert.size()).isEmpty()) {
      broken.add(Rule.SUBQUERY_IN_INSERT);
    }
  }

  private void checkUpdate(List<String> words, Set<Rule> broken) {
    for (String function : functions(words)) {
      if ("v".equals(volatility.get(function))) {
        broken.add(Rule.VOLATILE_FUNCTION_IN_UPDATE);
      }
      if ("sql".equals(languages.get(function))) {
        broken.add(Rule.SLICE_OR_INLINED_FUNCTION_IN_UPDATE);
      }
    }
    for (int i = words.indexOf("["); i >= 0 && i < words.size(); i++) {
      if (words.get(i).equals(":")) {
        broken.add(Rule.SLICE_OR_INLINED_FUNCTION_IN_UPDATE);
      }
    }
    int where = words.indexOf("where");
    if (words.subList(0, where < 0 ? words.size() : where).contains("select")) {
      broken.add(Rule.SLICE_OR_INLINED_FUNCTION_IN_UPDATE);
    }
  }

  private boolean isImmutable(String function) {
    return volatility.getOrDefault(function, "i").equals("i");
  }

  /** Names with arguments. */
  private static List<String> functions(List<String> words) {
    List<String> functions = new ArrayList<>();
    for (int i = 0; i + 1 < words.size(); i++) {
      if (words.get(i + 1).equals("(") && Character.isLetter(words.get(i).charAt(0))) {
        functions.add(words.get(i));
      }
    }
    return functions;
  }

  /** A whole row: a cast to a table, a field of one, or an alias as a column. */
  private static boolean hasRowType(List<String> words) {
    for (int i = 0; i + 1 < words.size(); i++) {
      boolean field = words.get(i).equals(")") && words.get(i + 1).equals(".");
      boolean cast =
          words.get(i).equals("::") && i + 3 < words.size() && DATA.contains(words.get(i + 3));
      if (field || cast) {
        return true;
      }
    }
    return false;
  }

  /** Whether a parameter is cast to an array in a call of a function of the schema. */
  private static boolean castsArgument(List<String> words) {
    for (int i = 0; i + 3 < words.size(); i++) {
      if (isSchema(words.get(i)) && words.get(i + 1).equals(".") && words.get(i + 3).equals("(")) {
        List<String> arguments = words.subList(i + 4, closing(words, i + 4));
        for (int a = 0; a + 4 < arguments.size(); a++) {
          if (arguments.get(a).equals("?")
              && arguments.get(a + 1).equals("::")
              && arguments.get(a + 3).equals("[")) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private void checkTenants(List<String> words, boolean acrossTenants, Set<Rule> broken) {
    boolean inserts = words.contains("insert");
    boolean writes = inserts || words.contains("delete");
    boolean locks = false;
    for (int i = 0; i + 1 < words.size(); i++) {
      boolean lock =
          words.get(i).equals("for") && Set.of("update", "share").contains(words.get(i + 1));
      locks |= lock;
      writes |= words.get(i).equals("update") && (i == 0 || !words.get(i - 1).equals("for"));
    }
    Set<String> unknown = new HashSet<>(aliases(words, 0, words.size()).keySet());
    unknown.removeAll(filtered(words, true));
    if (locks && !unknown.isEmpty()) {
      broken.add(Rule.LOCK_OVER_TENANTS);
    }
    if (!unknown.isEmpty() && (locks || writes || !acrossTenants)) {
      broken.add(Rule.NO_TENANT);
    }
  }

  /** Tables of data that are read or changed, by alias. */
  private static Map<String, String> aliases(List<String> words, int from, int to) {
    Map<String, String> aliases = new HashMap<>();
    for (int i = from; i + 3 < to; i++) {
      boolean reference =
          Set.of("from", "join", "update", ",").contains(words.get(i))
              && isSchema(words.get(i + 1))
              && words.get(i + 2).equals(".")
              && DATA.contains(words.get(i + 3));
      if (reference && (i + 4 >= to || !words.get(i + 4).equals("("))) {
        int next = i + 4 < to && words.get(i + 4).equals("as") ? i + 5 : i + 4;
        String alias = next < to ? words.get(next) : "";
        boolean named = !alias.isEmpty() && Character.isLetter(alias.charAt(0));
        String table = words.get(i + 3);
        aliases.put(named && !NO_ALIAS.contains(alias) ? alias : table, table);
      }
    }
    return aliases;
  }

  /**
   * The aliases whose tenant is a value.
   *
   * @param joins whether a join with such an alias is enough
   */
  private static Set<String> filtered(List<String> words, boolean joins) {
    Set<String> filtered = new HashSet<>();
    Map<String, Set<String>> equal = new HashMap<>();
    for (int i = 1; i + 4 < words.size(); i++) {
      boolean condition =
          Set.of("where", "and", "on").contains(words.get(i - 1))
              && words.get(i + 1).equals(".")
              && words.get(i + 2).equals("tenant_id")
              && words.get(i + 3).equals("=");
      if (!condition) {
        continue;
      }
      String value = words.get(i + 4);
      if (value.equals("?") || value.startsWith("p_") || value.startsWith("v_")) {
        filtered.add(words.get(i));
      } else {
        equal.computeIfAbsent(words.get(i), k -> new HashSet<>()).add(value);
        equal.computeIfAbsent(value, k -> new HashSet<>()).add(words.get(i));
      }
    }
    if (joins) {
      List<String> reached = new ArrayList<>(filtered);
      for (int i = 0; i < reached.size(); i++) {
        for (String next : equal.getOrDefault(reached.get(i), Set.of())) {
          if (filtered.add(next)) {
            reached.add(next);
          }
        }
      }
    }
    return filtered;
  }

  /** A subquery in place of a column, over a table of data whose tenant is not a value. */
  private static void checkTargetLists(List<String> words, Set<Rule> broken) {
    Set<String> filtered = filtered(words, false);
    for (int i = 0; i < words.size(); i++) {
      if (!words.get(i).equals("select")) {
        continue;
      }
      int depth = 0;
      for (int j = i + 1; j < words.size() && depth >= 0; j++) {
        String word = words.get(j);
        if (depth == 0 && Set.of("from", "where", "into", "union").contains(word)) {
          break;
        }
        depth += word.equals("(") ? 1 : word.equals(")") ? -1 : 0;
        if (depth > 0 && word.equals("select") && words.get(j - 1).equals("(")) {
          Set<String> tables = aliases(words, j, closing(words, j)).keySet();
          if (!filtered.containsAll(tables)) {
            broken.add(Rule.SUBQUERY_IN_TARGET_LIST);
          }
        }
      }
    }
  }

  private static boolean isSchema(String word) {
    return word.equals("$") || word.startsWith("\"");
  }

  /** The place of the bracket that closes what is open at a place; the end if there is none. */
  private static int closing(List<String> words, int from) {
    int depth = 0;
    for (int i = from; i < words.size(); i++) {
      depth += words.get(i).equals("(") ? 1 : words.get(i).equals(")") ? -1 : 0;
      if (depth < 0) {
        return i;
      }
    }
    return words.size();
  }

  /** The statements of a text, each as its words in lower case. */
  static List<List<String>> statements(String text) {
    String plain = IGNORED.matcher(text).replaceAll(" '' ").toLowerCase(Locale.ROOT);
    List<List<String>> statements = new ArrayList<>();
    List<String> current = new ArrayList<>();
    int cases = 0;
    int depth = 0;
    Matcher matcher = WORD.matcher(plain);
    while (matcher.find()) {
      String word = matcher.group();
      if (word.isBlank()) {
        continue;
      }
      depth += word.equals("(") ? 1 : word.equals(")") ? -1 : 0;
      cases += word.equals("case") ? 1 : word.equals("end") && cases > 0 ? -1 : 0;
      boolean breaks = BREAKS.contains(word) && cases == 0 && depth == 0;
      if (word.equals(";") || breaks) {
        statements.add(current);
        current = new ArrayList<>();
        cases = 0;
        depth = 0;
      } else {
        current.add(word);
      }
    }
    statements.add(current);
    return statements.stream().filter(statement -> !statement.isEmpty()).toList();
  }
}
