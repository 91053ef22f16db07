namespace Charging.Miniprogram.V1;

/// <summary>What every answer to the mini-program has (contract section 1).</summary>
public interface IAnswer
{
    /// <summary>Whether it worked: <see cref="Code"/> is 200.</summary>
    bool Success { get; set; }

    /// <summary>The result code (contract section 2).</summary>
    int Code { get; set; }

    /// <summary>The result in words.</summary>
    string Message { get; set; }
}

public sealed partial class SendValidateCodeResponse : IAnswer;

public sealed partial class RegisterResponse : IAnswer;

public sealed partial class LoginResponse : IAnswer;

public sealed partial class BindCardResponse : IAnswer;

public sealed partial class UnbindCardResponse : IAnswer;

public sealed partial class GetCardnoResponse : IAnswer;

public sealed partial class SetCardLimitResponse : IAnswer;

public sealed partial class GetPileStatusResponse : IAnswer;

public sealed partial class GetOrderNoResponse : IAnswer;

public sealed partial class MobilePaymentChargingResponse : IAnswer;

public sealed partial class GetOrderRecordResponse : IAnswer;

public sealed partial class GetBalanceOrderNoResponse : IAnswer;

public sealed partial class AddBalanceResponse : IAnswer;

public sealed partial class LogoutResponse : IAnswer;

public sealed partial class GetBalanceResponse : IAnswer;

public sealed partial class PayWithBalanceResponse : IAnswer;

public sealed partial class StopChargingResponse : IAnswer;

public sealed partial class GetChargingDetailResponse : IAnswer;

public sealed partial class PrepayResponse : IAnswer;
