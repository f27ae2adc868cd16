package io.conversationstore.testkit;

/** The reference model meets the contract for which it is the oracle. */
class ReferenceStoreContractTest extends StoreContract {

  @Override
  protected StoreFixture newFixture() {
    return new EngineFixture(ReferenceEngine::new);
  }
}
