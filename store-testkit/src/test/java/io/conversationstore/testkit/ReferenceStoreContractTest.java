package io.conversationstore.testkit;

/** The reference model keeps the contract that it is the oracle of. */
class ReferenceStoreContractTest extends StoreContract {

  @Override
  protected StoreFixture newFixture() {
    return new EngineFixture(ReferenceEngine::new);
  }
}
