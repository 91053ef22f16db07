using Charging.Miniprogram.V1;
using Charging.Server.Calls;
using Grpc.Core;

namespace Charging.Server.Piles;

/// <summary>Section 5 on the wire.</summary>
public sealed class PileRpc(PileStates piles) : PileService.PileServiceBase
{
    /// <inheritdoc/>
    public override Task<GetPileStatusResponse> GetPileStatus(GetPileStatusRequest request, ServerCallContext context) =>
        request.ToDeviceNo()
            .Then(piles.StateOf)
            .AnswerAsync((GetPileStatusResponse answer, PileState state) => answer.Data = state.ToWire());
}
