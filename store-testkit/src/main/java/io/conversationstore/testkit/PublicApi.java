package io.conversationstore.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.lang.reflect.AnnotatedArrayType;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.AnnotatedTypeVariable;
import java.lang.reflect.AnnotatedWildcardType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The public API of a module as text, one line for a class and one for each member, sorted. {@code
 * VERSIONING.md} says what is part of it: the exported packages without {@code spi} and {@code
 * internal}. Constructors of records and exceptions are left out, because only the store calls
 * them, except those of values that applications make.
 */
public final class PublicApi {

  private static final String UPDATE = "api.update";

  /** Records that applications make with a constructor. */
  private static final Set<String> MADE_BY_APPLICATIONS =
      Set.of("Cursor", "Media", "Owner", "Reasoning", "Text", "TokenUsage", "ToolCall", "Unknown");

  private PublicApi() {}

  /**
   * Fails unless the API is the one that the file lists. With the system property {@code
   * api.update}, writes the file instead.
   *
   * @param module the module whose test this is, for the command
   * @throws AssertionError with the differences and the command that updates the file
   */
  public static void requireListed(String module, Path file, List<String> api) throws IOException {
    if (System.getProperty(UPDATE) == null) {
      compare(module, file, api);
    } else {
      Files.write(file, api);
    }
  }

  static void compare(String module, Path file, List<String> api) throws IOException {
    List<String> listed = Files.exists(file) ? Files.readAllLines(file) : List.of();
    if (!listed.equals(api)) {
      throw new AssertionError(
          "The public API differs from "
              + file
              + ".\nGone:\n"
              + missing(listed, api)
              + "New:\n"
              + missing(api, listed)
              + "If VERSIONING.md allows the change, update the file:\n  ./mvnw -Pquick test -pl "
              + module
              + " -am -Dtest=ApiTest -Dsurefire.failIfNoSpecifiedTests=false -D"
              + UPDATE);
    }
  }

  /** Lines of one list that the other does not have, each under the class that it belongs to. */
  private static String missing(List<String> of, List<String> from) {
    Set<String> others = new HashSet<>(qualified(from));
    return qualified(of).stream()
        .filter(line -> !others.contains(line))
        .map(line -> "  " + line + "\n")
        .collect(Collectors.joining());
  }

  private static List<String> qualified(List<String> api) {
    List<String> lines = new ArrayList<>();
    String type = "";
    for (String line : api) {
      type = line.startsWith(" ") ? type : line;
      lines.add(line.startsWith(" ") ? type + line : line);
    }
    return lines;
  }

  /**
   * The API in a directory of compiled classes, whose packages its {@code module-info.class} names.
   *
   * @throws IllegalArgumentException if it has no module
   */
  public static List<String> of(Path classes) throws IOException {
    Path module = classes.resolve("module-info.class");
    if (!Files.exists(module)) {
      throw new IllegalArgumentException(classes + " has no module-info.class");
    }
    try (InputStream in = Files.newInputStream(module)) {
      return of(
          classes,
          ModuleDescriptor.read(in).exports().stream()
              .map(ModuleDescriptor.Exports::source)
              .filter(name -> !name.endsWith(".spi") && !name.contains(".internal"))
              .toList());
    }
  }

  /** The API of these packages in a directory of compiled classes. */
  public static List<String> of(Path classes, Collection<String> packages) throws IOException {
    List<Class<?>> types = new ArrayList<>();
    for (String name : packages) {
      try (Stream<Path> files = Files.list(classes.resolve(name.replace('.', '/')))) {
        files
            .map(file -> file.getFileName().toString())
            .filter(file -> file.endsWith(".class") && !file.equals("package-info.class"))
            .map(file -> load(name + "." + file.substring(0, file.length() - ".class".length())))
            .filter(PublicApi::isVisible)
            .forEach(types::add);
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    }
    types.sort(Comparator.comparing(Class::getName));
    return types.stream().flatMap(type -> lines(type).stream()).toList();
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name, false, PublicApi.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(name + " is not on the class path", e);
    }
  }

  private static boolean isVisible(Class<?> type) {
    Class<?> outer = type.getDeclaringClass();
    return !type.isAnonymousClass()
        && !type.isLocalClass()
        && (type.getModifiers() & (Modifier.PUBLIC | Modifier.PROTECTED)) != 0
        && (outer == null || isVisible(outer));
  }

  private static List<String> lines(Class<?> type) {
    Set<String> members = new TreeSet<>();
    for (Field field : type.getDeclaredFields()) {
      if (isVisible(field)) {
        members.add(field(field));
      }
    }
    for (Method method : type.getDeclaredMethods()) {
      if (isVisible(method) && !isOfEveryType(method)) {
        members.add(
            (method.isDefault() ? "default " : "")
                + modifiers(method.getModifiers(), type.isInterface())
                + variables(method.getTypeParameters())
                + name(method.getAnnotatedReturnType())
                + " "
                + method.getName()
                + parameters(method));
      }
    }
    for (Constructor<?> constructor : type.getDeclaredConstructors()) {
      if (isVisible(constructor) && isMadeByApplications(type)) {
        members.add(
            modifiers(constructor.getModifiers(), false)
                + type.getSimpleName()
                + (isCanonical(constructor)
                    ? "(" + names(components(type)) + ")"
                    : parameters(constructor)));
      }
    }
    List<String> lines = new ArrayList<>();
    lines.add(head(type));
    members.forEach(member -> lines.add("  " + member));
    return lines;
  }

  private static boolean isVisible(Member member) {
    return !member.isSynthetic()
        && (member.getModifiers() & (Modifier.PUBLIC | Modifier.PROTECTED)) != 0;
  }

  /** Methods that say nothing, because every type, every record or every enum has them. */
  private static boolean isOfEveryType(Method method) {
    Class<?> type = method.getDeclaringClass();
    return switch (method.getName()) {
      case "hashCode", "toString" -> method.getParameterCount() == 0;
      case "equals" -> type.isRecord() && method.getParameterCount() == 1;
      case "values", "valueOf" -> type.isEnum() && Modifier.isStatic(method.getModifiers());
      default -> false;
    };
  }

  private static boolean isMadeByApplications(Class<?> type) {
    return MADE_BY_APPLICATIONS.contains(type.getSimpleName())
        || (!type.isRecord() && !Throwable.class.isAssignableFrom(type));
  }

  /** Its parameters are the components; compilers write less about the parameters. */
  private static boolean isCanonical(Constructor<?> constructor) {
    Class<?> type = constructor.getDeclaringClass();
    return type.isRecord()
        && Arrays.equals(
            constructor.getParameterTypes(),
            Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getType)
                .toArray(Class<?>[]::new));
  }

  private static AnnotatedType[] components(Class<?> record) {
    return Arrays.stream(record.getRecordComponents())
        .map(RecordComponent::getAnnotatedType)
        .toArray(AnnotatedType[]::new);
  }

  private static String head(Class<?> type) {
    String kind =
        type.isRecord()
            ? "record "
            : type.isEnum() ? "enum " : type.isInterface() ? "interface " : "class ";
    boolean implied = type.isRecord() || type.isEnum() || type.isInterface();
    StringBuilder head = new StringBuilder();
    if (type.isSealed()) {
      head.append("sealed ");
    }
    if (!implied) {
      head.append(modifiers(type.getModifiers() & ~Modifier.STATIC, false));
    }
    head.append(kind).append(type.getName()).append(variables(type.getTypeParameters()).trim());
    AnnotatedType above = type.getAnnotatedSuperclass();
    if (above != null && !implied && above.getType() != Object.class) {
      head.append(" extends ").append(name(above));
    }
    AnnotatedType[] interfaces = type.getAnnotatedInterfaces();
    if (interfaces.length > 0) {
      head.append(type.isInterface() ? " extends " : " implements ").append(names(interfaces));
    }
    return head.toString();
  }

  private static String field(Field field) {
    String value = "";
    if (Modifier.isStatic(field.getModifiers())
        && (field.getType().isPrimitive() || field.getType() == String.class)) {
      try {
        value = " = " + field.get(null);
      } catch (IllegalAccessException e) {
        value = "";
      }
    }
    return field.isEnumConstant()
        ? field.getName()
        : modifiers(field.getModifiers(), false)
            + name(field.getAnnotatedType())
            + " "
            + field.getName()
            + value;
  }

  /** All but {@code public}, which is the rule. */
  private static String modifiers(int modifiers, boolean ofInterface) {
    int shown =
        modifiers
            & (Modifier.PROTECTED | Modifier.STATIC | Modifier.FINAL | Modifier.ABSTRACT)
            & (ofInterface ? Modifier.STATIC : -1);
    return shown == 0 ? "" : Modifier.toString(shown) + " ";
  }

  private static String variables(TypeVariable<?>[] variables) {
    return variables.length == 0
        ? ""
        : Arrays.stream(variables)
                .map(
                    variable -> {
                      String bounds = names(variable.getAnnotatedBounds());
                      return variable.getName()
                          + (bounds.equals("Object") ? "" : " extends " + bounds);
                    })
                .collect(Collectors.joining(", ", "<", ">"))
            + " ";
  }

  private static String parameters(Executable executable) {
    AnnotatedType[] types = executable.getAnnotatedParameterTypes();
    String list = names(types);
    if (executable.isVarArgs()) {
      list = list.substring(0, list.length() - "[]".length()) + "...";
    }
    AnnotatedType[] thrown = executable.getAnnotatedExceptionTypes();
    return "(" + list + ")" + (thrown.length == 0 ? "" : " throws " + names(thrown));
  }

  private static String names(AnnotatedType[] types) {
    return Arrays.stream(types).map(PublicApi::name).collect(Collectors.joining(", "));
  }

  private static String name(AnnotatedType type) {
    if (type instanceof AnnotatedArrayType array) {
      return name(array.getAnnotatedGenericComponentType())
          + (nullness(array).isEmpty() ? "" : " @Nullable ")
          + "[]";
    }
    String nullness = nullness(type);
    if (type instanceof AnnotatedParameterizedType generic) {
      Type raw = ((ParameterizedType) generic.getType()).getRawType();
      return nullness
          + name((Class<?>) raw)
          + "<"
          + names(generic.getAnnotatedActualTypeArguments())
          + ">";
    }
    if (type instanceof AnnotatedWildcardType wildcard) {
      String lower = names(wildcard.getAnnotatedLowerBounds());
      String upper = names(wildcard.getAnnotatedUpperBounds());
      return lower.isEmpty()
          ? upper.isEmpty() || upper.equals("Object") ? "?" : "? extends " + upper
          : "? super " + lower;
    }
    if (type instanceof AnnotatedTypeVariable variable) {
      return nullness + variable.getType().getTypeName();
    }
    return nullness + name((Class<?>) type.getType());
  }

  private static String nullness(AnnotatedElement element) {
    return element.isAnnotationPresent(Nullable.class) ? "@Nullable " : "";
  }

  /** The simple name of a type of this project or the platform, with its outer types. */
  private static String name(Class<?> type) {
    Class<?> outer = type.getDeclaringClass();
    if (outer != null) {
      return name(outer) + "." + type.getSimpleName();
    }
    return type.getName().startsWith("java.") || type.getName().startsWith("io.conversationstore")
        ? type.getSimpleName()
        : type.getName();
  }
}
