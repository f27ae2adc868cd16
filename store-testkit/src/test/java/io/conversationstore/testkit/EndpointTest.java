package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EndpointTest {

  @Test
  void takesAUrlApartAndKeepsItsOtherParameters() {
    Endpoint endpoint =
        Endpoint.of("jdbc:postgresql://db:6543/app?user=me&ssl=true&password=a%26b", null, null);

    assertThat(endpoint).isEqualTo(new Endpoint("db:6543", "app", "ssl=true", "me", "a&b"));
    assertThat(endpoint.jdbcUrl("other")).isEqualTo("jdbc:postgresql://db:6543/other?ssl=true");
    assertThat(endpoint.host()).isEqualTo("db");
    assertThat(endpoint.port()).isEqualTo(6543);
  }

  @Test
  void prefersTheLoginGivenApart() {
    Endpoint endpoint = Endpoint.of("jdbc:postgresql://db/app?user=me&password=x", "you", "y");

    assertThat(endpoint.user()).isEqualTo("you");
    assertThat(endpoint.password()).isEqualTo("y");
    assertThat(endpoint.port()).isEqualTo(5432);
  }

  @Test
  void knowsTheShortAndTheLongForms() {
    assertThat(Endpoint.of("jdbc:postgresql:app", null, null).jdbcUrl("app"))
        .isEqualTo("jdbc:postgresql://localhost:5432/app");
    assertThat(Endpoint.of("jdbc:postgresql://[::1]:7/", "me", null).database()).isEqualTo("me");
    assertThat(Endpoint.of("jdbc:postgresql://[::1]:7/", null, null).port()).isEqualTo(7);
    assertThat(Endpoint.of("jdbc:postgresql://a:1,b:2/c", null, null).host()).isEqualTo("a");
  }

  @Test
  void doesNotPrintThePassword() {
    assertThat(new Endpoint("h:1", "d", "", "u", "secret").toString()).doesNotContain("secret");
  }
}
