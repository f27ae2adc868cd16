package io.conversationstore.testkit;

import java.util.Locale;

/** System names in the spelling of the binaries' artifacts. */
final class Platform {

  private Platform() {}

  static boolean isWindows() {
    return system().equals("windows");
  }

  static boolean isLinux() {
    return system().equals("linux");
  }

  /** {@code linux}, {@code darwin} or {@code windows}; other names unchanged. */
  static String system() {
    String name = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    if (name.startsWith("windows")) {
      return "windows";
    }
    return name.startsWith("mac") ? "darwin" : name;
  }

  /** {@code x86_64}, {@code arm_64} and so on. */
  static String architecture() {
    String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    return switch (arch) {
      case "amd64", "x86_64", "x64" -> "x86_64";
      case "aarch64", "arm64" -> "arm_64";
      case "x86", "i386", "i486", "i586", "i686" -> "x86_32";
      case "ppc64le" -> "ppcle_64";
      default -> arch.startsWith("arm") ? "arm_32" : arch;
    };
  }

  static String executable(String name) {
    return isWindows() ? name + ".exe" : name;
  }
}
